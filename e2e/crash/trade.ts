import { least } from '../../src-main/node/lib/amounts.ts'
import type { Payments } from '../../src-main/node/payments/create-payments.ts'
import type { PayOutcome } from '../../src-main/node/payments/issuer.ts'
import type { Clock } from '../../src-main/node/ports/clock.ts'
import type { Dialogue } from '../../src-main/node/ports/dialogue.ts'
import { decimal } from '../../src-main/node/protocol/payment.ts'
import type { LedgerRepository } from '../../src-main/node/storage/ledger-repository.ts'
import type { IdentityId } from '../../src-shared/model/identity.ts'
import { TERMS, type Told } from './terms.ts'

/** A service without the service: both halves go on as fast as the other lets them. */
export type Trade = {
  take(dialogue: Dialogue): void
  /** Resolves when this half has come to rest, with nothing half done. */
  pause(): Promise<void>
}

export type TradeDeps = {
  payments: Payments
  ledger: LedgerRepository
  clock: Clock
  peer: IdentityId
  tell: (told: Told) => void
}

type Changes = {
  version(): number
  changed(): void
  /** Resolves at once when something has changed since `seen`. */
  after(seen: number): Promise<void>
  paused(): boolean
}

/** After a payment that was not made, as a consumer does. */
const RETRY_MS = 100

const sum = (promises: readonly { amount: bigint }[]) => promises.reduce((total, { amount }) => total + amount, 0n)

function createTrade(
  { payments, tell }: TradeDeps,
  go: (dialogue: Dialogue, changes: Changes) => Promise<void>,
): Trade {
  const taken = new WeakSet<Dialogue>()
  let atRest: Promise<void> = Promise.resolve()
  let version = 0
  let isPaused = false
  let wake: () => void = () => undefined
  const changes: Changes = {
    version: () => version,
    changed() {
      version += 1
      wake()
    },
    after: (seen) =>
      new Promise((resolve) => {
        wake = resolve
        if (version !== seen) resolve()
      }),
    paused: () => isPaused,
  }
  payments.onChange(changes.changed)
  return {
    take(dialogue) {
      // When both have opened it comes twice.
      if (taken.has(dialogue)) return
      taken.add(dialogue)
      void dialogue.closed.then(changes.changed)
      atRest = go(dialogue, changes).catch((error: unknown) => {
        if (dialogue.state === 'open') throw error
      })
    },
    async pause() {
      isPaused = true
      changes.changed()
      await atRest
      tell({ event: 'paused' })
    },
  }
}

/** Pays ahead and believes every metering. */
export function pay(deps: TradeDeps): Trade {
  const { payments, ledger, clock, peer, tell } = deps
  const { target, maxAtRisk } = TERMS
  return createTrade(deps, async (dialogue, changes) => {
    const { issuer } = payments.attach(dialogue)
    // A metering that was on its way when one of them was killed comes again, in the first total.
    const before = sum(ledger.given(peer)) - payments.atRisk(peer)
    issuer.conduct.began(dialogue.id)
    issuer.conduct.onMisconduct((kind) => tell({ event: 'accused', kind }))
    dialogue.handle(TERMS.metering, (body) => {
      const cost = decimal.parse(body) - before
      issuer.conduct.metered(dialogue.id, cost)
      issuer.consume(dialogue.id, cost)
      tell({ event: 'consumed' })
      return undefined
    })
    await issuer.advised()
    tell({ event: 'dialogue' })
    while (dialogue.state === 'open' && !changes.paused()) {
      const seen = changes.version()
      const outcome = await issuer.payAhead({ target, maxAtRisk })
      if (outcome.kind === 'paid') continue
      if (outcome.kind !== 'enough') {
        tell({ event: 'not-paid', why: why(outcome) })
        clock.after(RETRY_MS, changes.changed)
      }
      await changes.after(seen)
    }
  })
}

function why(outcome: PayOutcome): string {
  if (outcome.kind === 'refused') return outcome.reason
  return outcome.kind === 'failed' ? outcome.message : outcome.kind
}

/** Takes its price for nothing as long as something is left, one metering at a time. */
export function charge(deps: TradeDeps): Trade {
  const { payments, ledger, peer, tell } = deps
  const charged = () => sum(ledger.received(peer)) - (ledger.account(peer)?.leftover ?? 0n)
  return createTrade(deps, async (dialogue, changes) => {
    const { benefiter } = payments.attach(dialogue)
    let cost = 0n
    await dialogue.send(TERMS.metering, `${charged()}`)
    tell({ event: 'dialogue' })
    while (dialogue.state === 'open' && !changes.paused()) {
      const seen = changes.version()
      const left = benefiter.leftover()
      if (left === 0n) {
        await changes.after(seen)
        continue
      }
      cost += least(left, TERMS.cost)
      benefiter.charge(dialogue.id, cost, () => undefined)
      tell({ event: 'charged' })
      await dialogue.send(TERMS.metering, `${charged()}`)
      benefiter.adviseIfMoved()
    }
  })
}
