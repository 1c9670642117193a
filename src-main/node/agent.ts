import { join } from 'node:path'
import type { ClearResult, PromiseView, RiskView } from '#shared/contract/answers.ts'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import type { Reach } from '#shared/contract/state.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { ProposalFilter } from '#shared/model/proposal.ts'
import type { Amount } from '#shared/model/units.ts'
import { createBuying } from './buying.ts'
import { createAnnouncer } from './discovery/announcer.ts'
import { createIssuerRisk } from './issuer-risk.ts'
import type { Logger } from './lib/logger.ts'
import type { Market } from './market.ts'
import { createPaymentsOverDialogue } from './payments-over-dialogue.ts'
import type { GasAccount } from './ports/chain.ts'
import type { Clock } from './ports/clock.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { ServiceType } from './ports/service-type.ts'
import type { Store } from './ports/store.ts'
import type { ProgramConnections } from './programs/connections.ts'
import { shareDialogues } from './programs/shared-dialogues.ts'
import type { PaymentPolicy } from './protocol/payment.ts'
import type { ConnectOptions } from './session/consumer/context.ts'
import { createServingLimits } from './session/provider/serving-limits.ts'
import { createProviderSessions, refuseToServe } from './session/provider-sessions.ts'
import { createRecords } from './session/records.ts'
import { createSharing, type Sharing } from './sharing.ts'
import type { StateTree } from './state-tree.ts'
import { createAccountHistory } from './storage/account-history.ts'
import { createLedgerRepository } from './storage/ledger-repository.ts'
import type { ProgramRepository } from './storage/program-repository.ts'
import { createSessionRepository } from './storage/session-repository.ts'
import { createShareVolumeRepository } from './storage/share-volume-repository.ts'
import { createTransactionJournal } from './storage/transaction-journal.ts'
import { createWallet, type Wallet } from './wallet.ts'

/** A promise smaller than this costs more to handle than it is worth: 0.0001 MYST. */
const MINIMUM_INCREASE = 10n ** 14n

/** A withdrawal is executed within this after its notice period, while the node runs. */
const WITHDRAWAL_CHECK_MS = 30_000

/** Everything that one unlocked identity does: messages, payments, buying and selling. */
export type Agent = {
  readonly wallet: Wallet
  readonly sharing: Sharing
  /** Of programs, beside the person's. */
  readonly programs: ProgramConnections
  connectToBroker(): void
  /** Balances and promises anew from the chain; afterwards it follows by itself. */
  refresh(): Promise<void>
  /** Tries what matches, best first, until one works; `state.connection` tells how it goes. */
  connect(filter: ProposalFilter, how?: Pick<ConnectOptions, 'socksPort' | 'instead'>): Promise<void>
  disconnect(): Promise<void>
  /** A setting raised or opened the guard: `state.connection` says so, unless there is a connection. */
  restate(): void
  /** The provider of the last session that was bought, and the service; undefined: none yet. */
  lastProvider(): ProposalFilter | undefined
  promises(): PromiseView[]
  clear(peer: IdentityId | undefined, options: { acceptLess: boolean }): Promise<ClearResult[]>
  setClearingPolicy(policy: ClearingPolicy): void
  risks(peers?: readonly IdentityId[]): Promise<RiskView[]>
  stop(): Promise<void>
}

export function createAgent(
  deps: {
    market: Market
    store: Store
    state: StateTree
    serviceTypes: readonly ServiceType[]
    clock: Clock
    log: Logger
    home: string
    reach: () => Promise<Reach>
    programs: ProgramRepository
  },
  own: { identity: UnlockedIdentity; gas: GasAccount; maxAtRisk: Amount },
): Agent {
  const { market, store, state, serviceTypes, clock, log, home, reach } = deps
  const { identity, gas, maxAtRisk } = own
  const { network, chain, blocks } = market

  const sessions = createSessionRepository(store, identity.id)
  sessions.closeOrphans()
  const records = createRecords({
    identity,
    network: {
      chainId: network.chainId,
      paymentAccounts: network.contracts.paymentAccounts.toLowerCase() as IdentityId,
    },
    repository: sessions,
  })

  const policy = (): PaymentPolicy => ({
    minimumIncrease: MINIMUM_INCREASE,
    maximumPromise: state.get().wallet.registrationFee,
    // What is cleared at once cannot be updated (whitepaper 6.5.6).
    updateAllowed: !state.get().wallet.clearingPolicy.atOnce,
    freeTrial: 0n,
    feeBps: state.get().wallet.networkFeeBps,
  })
  const ledger = createLedgerRepository(store, identity.id)
  const issuerRisk = createIssuerRisk({ market, store, ledger, state, clock, log }, { identity, gas })
  const { channel, messenger, payments, ...speaking } = createPaymentsOverDialogue(
    { market, ledger, clock, log },
    { identity, gas, policy, sharing: issuerRisk.sharing },
  )
  const dialogues = shareDialogues(speaking.dialogues, (provider) => buying.programs.giveUp(provider))
  const wallet = createWallet({
    chain,
    blocks,
    history: createAccountHistory(store),
    journal: createTransactionJournal(store),
    promises: payments.promises,
    network,
    identity,
    gas,
    state,
    clock,
    log: log.of('wallet'),
  })
  // Who only asks never ends what others do.
  const risk = issuerRisk.watch({
    payments,
    dialogues: dialogues.others,
    maximumPromise: () => policy().maximumPromise,
  })
  channel.onOnline((online) => {
    state.set({ network: { ...state.get().network, broker: online ? 'online' : 'unreachable' } })
  })
  const showPayments = () => {
    state.set({ wallet: { ...state.get().wallet, ...payments.totals() } })
    state.set({ share: { ...state.get().share, ...payments.earnings() } })
  }
  payments.onChange(showPayments)
  const offChain = market.follower.onChange(({ kind }) => {
    if (kind === 'rolled-back') void wallet.recheck()
    void wallet.refresh()
  })
  showPayments()

  const announcer = createAnnouncer({
    chain,
    follower: market.follower,
    proposals: market.proposals,
    domain: { chainId: chain.chainId, serviceDirectory: network.contracts.serviceDirectory },
    clock,
    log: log.of('announcer'),
  })
  const sharing = createSharing({
    identity,
    gas,
    announcer,
    serviceTypes,
    contacts: messenger.contacts,
    reach,
    dataDir: join(home, 'provider'),
    state,
    log: log.of('sharing'),
    serve(services, terms) {
      const limits = createServingLimits({ clock, repository: createShareVolumeRepository(store, identity.id) }, terms)
      const served = createProviderSessions(
        {
          limits,
          dialogues: dialogues.own,
          payments,
          services,
          offered: (serial) => announcer.offered(identity.id, serial),
          clock,
          repository: sessions,
          records,
          log: log.of('sessions'),
        },
        { maxSessions: terms.maxSessions },
      )
      const show = () => {
        const { closed: _before, ...share } = state.get().share
        const closed = limits.closed()
        const volume = limits.volume()
        const earnings = payments.earnings()
        state.set({ share: { ...share, ...earnings, sessions: served.list(), volume, ...(closed && { closed }) } })
      }
      served.onChange(show)
      limits.onChange(show)
      served.onSigned(() => {
        const { share } = state.get()
        state.set({ share: { ...share, recordsRevision: share.recordsRevision + 1 } })
      })
      show()
      return {
        serve: served.serve,
        async stop() {
          await served.stop()
          limits.stop()
        },
      }
    },
  })
  // Offers stay on the chain for days after sharing ended.
  dialogues.own.onIncoming((dialogue) => {
    if (state.get().share.state !== 'on') refuseToServe(dialogue)
  })
  const buying = createBuying(
    { market, state, serviceTypes, clock, log, sessions, records, payments, dialogues, serve: sharing.serve },
    { programs: deps.programs, maxAtRisk },
  )

  const offDue = clock.every(WITHDRAWAL_CHECK_MS, () => void wallet.executeDue())

  let started = false
  return {
    wallet,
    sharing,
    programs: buying.programs,
    connectToBroker() {
      if (started) return
      started = true
      channel.start().catch((error: unknown) => log.warn(`the broker is not reached: ${String(error)}`))
    },
    async refresh() {
      await Promise.all([wallet.refresh(), speaking.reconcile()])
    },
    connect: buying.connect,
    disconnect: () => buying.disconnect(),
    restate: buying.restate,
    lastProvider() {
      const last = sessions.list(1_000).find(({ role }) => role === 'consumer')
      return last && { provider: last.peer, serviceType: last.serviceType }
    },
    promises: () => payments.promises(),
    clear: (peer, options) => payments.clear(peer, options),
    setClearingPolicy: risk.setPolicy,
    risks: risk.views,
    async stop() {
      risk.stop()
      await buying.stop()
      await sharing.stop()
      announcer.stop()
      offChain()
      offDue()
      await speaking.stop()
      wallet.stop()
    },
  }
}
