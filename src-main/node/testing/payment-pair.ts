import { MYST } from '#shared/model/units.ts'
import { silentLogger } from '../lib/logger.ts'
import { createPayments, type PaymentLink, type Payments } from '../payments/create-payments.ts'
import type { PaymentsDeps } from '../payments/deps.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import { createLedgerRepository, type LedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createSessionRepository, type SessionRepository } from '../storage/session-repository.ts'
import { createDialoguePair, type DialoguePair } from './dialogue-pair.ts'
import { createManualClock } from './manual-clock.ts'
import { createMemoryChain, type MemoryChain, noGas } from './memory-chain.ts'

export type PayingSide = {
  identity: UnlockedIdentity
  ledger: LedgerRepository
  repository: SessionRepository
  /** As after a restart of the program: nothing but the store is left. */
  start(): Payments
}

export type PaymentLinks = {
  a: PaymentLink
  b: PaymentLink
  payments: { a: Payments; b: Payments }
  dialogues: { a: Dialogue; b: Dialogue }
}

export type PaymentPair = {
  a: PayingSide
  b: PayingSide
  pair: DialoguePair
  chain: MemoryChain
  clock: ReturnType<typeof createManualClock>
  /** What b asks for; may be changed at any time. */
  policy: PaymentPolicy
  /** Another store for an identity: as after the old one was lost. */
  newSide(identity: UnlockedIdentity): PayingSide
  /** A new dialogue, and on it new payments on both sides, but for those that are given. */
  open(running?: Partial<PaymentLinks['payments']>): Promise<PaymentLinks>
  /** Moves the clock until the promise is there. */
  settle<T>(promise: Promise<T>): Promise<T>
  /** Lets everything that needs no time happen. */
  turns(count?: number): Promise<void>
  stop(): Promise<void>
}

/** Two identities over a real dialogue with a store each; a pays b. */
export async function createPaymentPair(
  policy: Partial<PaymentPolicy> = {},
  deposit = 1_000n * MYST,
  options: { plain?: boolean; seed?: number; payments?: Partial<PaymentsDeps> } = {},
): Promise<PaymentPair> {
  const clock = createManualClock()
  const pair = await createDialoguePair({ clock, ...options })
  const chain = createMemoryChain(pair.registry, { nowS: () => Math.floor(clock.now() / 1000) })
  chain.deposit(pair.identities.a.id, deposit)
  const current: PaymentPolicy = {
    minimumIncrease: 10n,
    maximumPromise: 50n * MYST,
    updateAllowed: true,
    freeTrial: 0n,
    feeBps: 100,
    ...policy,
  }
  const closers: (() => void)[] = []

  const side = (identity: UnlockedIdentity): PayingSide => {
    const store = openStore(':memory:')
    closers.push(() => store.close())
    migrate(store)
    const ledger = createLedgerRepository(store, identity.id)
    return {
      identity,
      ledger,
      repository: createSessionRepository(store, identity.id),
      start: () =>
        createPayments({
          ...{ identity, ledger, clock, registry: pair.registry },
          // What a test changes in the chain later is meant too.
          chain: Object.assign(Object.create(chain) as MemoryChain, { balanceOf: chain.spendable }),
          facts: chain.facts,
          // What is not about credit shall not depend on it.
          firstCredit: 1_000n * MYST,
          gas: () => noGas,
          log: silentLogger,
          policy: () => current,
          clearings: chain.clearings,
          ...options.payments,
        }),
    }
  }
  const a = side(pair.identities.a)
  const b = side(pair.identities.b)

  async function turns(count = 30) {
    for (let turn = 0; turn < count; turn++) await clock.advance(0)
  }
  async function settle<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 3_000 && !isDone; turn++) await clock.advance(turn < 100 ? 0 : 100)
    if (!isDone) throw new Error('five minutes of the clock have passed, and it is still waited for')
    return promise
  }

  return {
    ...{ a, b, pair, chain, clock, policy: current, newSide: side, settle, turns },
    async open(running = {}) {
      const payments = { a: running.a ?? a.start(), b: running.b ?? b.start() }
      const links: { b?: PaymentLink; dialogue?: Dialogue } = {}
      const unsubscribe = pair.b.onIncoming((dialogue) => {
        links.b = payments.b.attach(dialogue)
        links.dialogue = dialogue
      })
      // At once: what comes before somebody listens is refused.
      const opening = pair.a.open(pair.identities.b.id, pair.contacts.b)
      const { opened, link } = await settle(opening.then((opened) => ({ opened, link: payments.a.attach(opened) })))
      await settle(link.issuer.advised())
      await turns()
      unsubscribe()
      if (!links.b || !links.dialogue) throw new Error('the other side did not hear of the dialogue')
      return { a: link, b: links.b, payments, dialogues: { a: opened, b: links.dialogue } }
    },
    async stop() {
      await settle(pair.stop())
      for (const close of closers) close()
    },
  }
}
