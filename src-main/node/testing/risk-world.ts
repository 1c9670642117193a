import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import type { Contact } from '#shared/model/proposal.ts'
import { type Amount, MYST } from '#shared/model/units.ts'

import { createDialogues } from '../dialogue/dialogues.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMemoryNetwork } from '../messaging/channels/memory.ts'
import { createChainFacts } from '../payments/chain-facts.ts'
import { worthClearing } from '../payments/clearing-policy.ts'
import { createPayments, type Payments } from '../payments/create-payments.ts'
import { createRisk, policyOf, type Risk } from '../payments/create-risk.ts'
import { createPromiseSharing, type PromiseSharing } from '../payments/promise-sharing.ts'
import type { ChainEvent } from '../ports/chain.ts'
import type { Change } from '../ports/chain-follower.ts'
import type { Dialogues } from '../ports/dialogue.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { createClearingPolicyRepository } from '../storage/clearing-policy-repository.ts'
import { createLedgerRepository, type LedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createSharedPromiseRepository, type SharedPromiseRepository } from '../storage/shared-promise-repository.ts'
import { createManualClock } from './manual-clock.ts'
import { createMemoryChain, noGas } from './memory-chain.ts'
import { createMemoryRegistry, createTestIdentity } from './memory-registry.ts'
import { createPlainMessenger } from './plain-messenger.ts'

export type RiskProvider = {
  readonly identity: UnlockedIdentity
  readonly contacts: Contact[]
  readonly dialogues: Dialogues
  readonly ledger: LedgerRepository
  readonly payments: Payments
  readonly sharing: PromiseSharing
  readonly shared: SharedPromiseRepository
  readonly risk: Risk
  /** Ends what runs; a new one is made of nothing but the store. */
  restart(): RiskProvider
}

type BareEvent = ChainEvent extends infer Event
  ? Event extends ChainEvent
    ? Omit<Event, 'blockNumber' | 'blockHash' | 'logIndex' | 'transactionHash'>
    : never
  : never

/**
 * Any number of providers, each with a store of its own, on one chain in memory, of which all have the same copy
 * at once; everything that decides is the real thing. Time moves only when told to.
 */
export function createRiskWorld(
  options: {
    /** How long a transaction takes to be mined. */
    blockMs?: number
    noticeS?: number
    policy?: Partial<PaymentPolicy>
    clearing?: ClearingPolicy
    isSharing?: boolean
    random?: () => number
  } = {},
) {
  const { blockMs = 0, noticeS = 600 } = options
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock })
  const registry = createMemoryRegistry()
  const memory = createMemoryChain(registry, { nowS: () => Math.floor(clock.now() / 1000), noticeS })
  const store = openStore(':memory:')
  migrate(store)
  const copy = createChainRepository(store)
  const followers = new Set<(change: Change) => void>()
  const networkAccount = createTestIdentity().id
  const closers: (() => unknown)[] = [() => store.close()]
  const gas = { available: 10n ** 18n, ofClearing: 10n ** 14n }
  const sent: { kind: 'clear' | 'clearMany'; promises: number }[] = []
  const providers: RiskProvider[] = []
  /** When a page that shows the risk was told to look again. */
  const moved: number[] = []
  let blockNumber = 0

  function mine(...bare: BareEvent[]): void {
    blockNumber += 1
    const at = { blockNumber, blockHash: '0x01', transactionHash: '0x02' } as const
    const events = bare.map((event, logIndex) => ({ ...event, ...at, logIndex }) as ChainEvent)
    copy.addBlock({ number: blockNumber, hash: at.blockHash }, events.length === 0)
    for (const event of events) {
      if (event.name !== 'Registered' && event.name !== 'Announced') copy.addAccountEvent(event, networkAccount)
    }
    for (const follower of [...followers]) follower({ kind: 'copied', toBlock: blockNumber, events })
  }

  const head = async () => ({ number: blockNumber, hash: '0x01', highest: blockNumber }) as const
  const onChange = (handle: (change: Change) => void) => {
    followers.add(handle)
    return () => void followers.delete(handle)
  }
  const mined = () => new Promise<void>((resolve) => void clock.after(blockMs, resolve))

  const chain: typeof memory = {
    ...memory,
    async clear(promise, ...rest) {
      sent.push({ kind: 'clear', promises: 1 })
      await mined()
      const result = await memory.clear(promise, ...rest)
      const { issuer, serial, benefiter } = promise
      mine({ name: 'Cleared', issuer, benefiter, serial, amount: result.amount, fee: result.fee })
      return result
    },
    async clearMany(promises, benefiter, ...rest) {
      sent.push({ kind: 'clearMany', promises: promises.length })
      await mined()
      const result = await memory.clearMany(promises, benefiter, ...rest)
      mine(
        ...result.outcomes.flatMap((outcome): BareEvent[] => {
          if (outcome.kind !== 'cleared') return []
          const { kind: _kind, ...cleared } = outcome
          return [{ name: 'Cleared', benefiter: benefiter.id, ...cleared }]
        }),
      )
      return result
    },
  }

  function speaker(identity: UnlockedIdentity): { dialogues: Dialogues; contacts: Contact[] } {
    const channel = network.channel(identity.id)
    void channel.start()
    const messenger = createPlainMessenger({ identity, registry, channels: [channel], chainId: 31_337n, clock })
    const dialogues = createDialogues({ messenger, registry, clock, log: silentLogger }, { timing: { ackDelayMs: 0 } })
    closers.push(async () => {
      await settle(dialogues.stop())
      messenger.stop()
      await channel.stop()
    })
    return { dialogues, contacts: [{ channel: channel.type, address: channel.contact() }] }
  }

  function provider(): RiskProvider {
    const identity = createTestIdentity()
    registry.register(identity)
    const ownStore = openStore(':memory:')
    migrate(ownStore)
    closers.push(() => ownStore.close())
    const { dialogues, contacts } = speaker(identity)
    const ledger = createLedgerRepository(ownStore, identity.id)
    const policies = createClearingPolicyRepository(ownStore, identity.id)
    if (options.clearing) policies.save(options.clearing)
    const policy: PaymentPolicy = {
      ...{ minimumIncrease: 10n ** 14n, maximumPromise: 50n * MYST, updateAllowed: true, freeTrial: 0n, feeBps: 100 },
      ...options.policy,
    }

    function start(): RiskProvider {
      const shared = createSharedPromiseRepository(ownStore)
      const sharing = createPromiseSharing({
        ...{ self: identity.id, chain, registry, ledger, shared, accounts: copy, clock, log: silentLogger },
        isOn: () => options.isSharing ?? true,
        tellFrom: () => worthClearing(policyOf(policies)),
      })
      const facts = createChainFacts({
        chain: { head: head },
        follower: { isCurrent: () => true, reached: async () => undefined, onChange },
        accounts: copy,
      })
      const payments = createPayments({
        ...{ identity, chain, registry, ledger, clock, sharing, facts, log: silentLogger, accounts: copy },
        gas: () => noGas,
        policy: () => policy,
        clearings: copy.clearings,
      })
      const risk = createRisk({
        ...{ self: identity.id, payments, sharing, ledger, registry, policies, dialogues, clock, log: silentLogger },
        accounts: copy,
        facts,
        maximumPromise: () => policy.maximumPromise,
        clearingGas: async () => gas.ofClearing,
        canPay: async () => gas.available >= gas.ofClearing,
        onChange,
        providers: () => providers.map((one) => ({ provider: one.identity.id, contacts: one.contacts })),
        find: (id) => {
          const found = providers.find((one) => one.identity.id === id)
          return found && { provider: id, contacts: found.contacts }
        },
        mayOpen: () => true,
        isSharing: () => options.isSharing ?? true,
        onMoved: () => moved.push(clock.now()),
        ...(options.random ? { random: options.random } : {}),
      })
      const unsubscribe = dialogues.onIncoming((dialogue) => void payments.attach(dialogue))
      const stop = () => {
        unsubscribe()
        risk.stop()
      }
      closers.push(stop)
      return {
        ...{ identity, contacts, dialogues, ledger, payments, sharing, shared, risk },
        restart() {
          stop()
          return start()
        },
      }
    }
    const one = start()
    providers.push(one)
    return one
  }

  function issuer(amount: Amount, value = 100n * MYST) {
    const identity = createTestIdentity()
    registry.register(identity, value)
    if (amount > 0n) deposit(identity.id, amount)
    const { dialogues } = speaker(identity)
    const promise = (to: IdentityId, amount: Amount, serial = 5n): SignedPromise => {
      const bare = { issuer: identity.id, serial, benefiter: to, amount }
      return { ...bare, signature: identity.signTypedData(chain.promiseTypedData(bare)) }
    }
    return { identity, dialogues, promise }
  }

  function deposit(identity: IdentityId, amount: Amount): void {
    memory.deposit(identity, amount)
    mine({ name: 'Deposited', identity, amount })
  }

  async function withdraw(identity: UnlockedIdentity, amount: Amount): Promise<{ executableAt: number }> {
    const { executableAt } = await memory.announceWithdrawal(identity, amount)
    mine({ name: 'WithdrawalAnnounced', identity: identity.id, to: '0x09', amount, executableAt })
    return { executableAt }
  }

  async function settle<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 3_000 && !isDone; turn++) await clock.advance(turn < 100 ? 0 : 100)
    return promise
  }

  async function turns(count = 30): Promise<void> {
    for (let turn = 0; turn < count; turn++) await clock.advance(0)
  }

  return {
    ...{ clock, network, registry, chain, copy, providers, gas, sent, moved },
    ...{ provider, issuer, deposit, withdraw, mine, settle, turns },
    async stop() {
      for (const close of closers.splice(0).reverse()) await close()
    },
  }
}
export type RiskWorld = ReturnType<typeof createRiskWorld>
