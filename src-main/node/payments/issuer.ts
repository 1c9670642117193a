import { MystError } from '#shared/errors/myst-error.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'
import { least, most, sumOf } from '../lib/amounts.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import {
  PAYMENT_ACCEPT,
  PAYMENT_ADVICE,
  PAYMENT_PROPOSAL,
  PAYMENT_REFUSE,
  type PaymentAdvice,
  paymentAccept,
  paymentAdvice,
  paymentRefuse,
  proposalBody,
} from '../protocol/payment.ts'
import type { GivenPromise } from '../storage/ledger-repository.ts'
import { isSignedByIssuer } from './check-promise.ts'
import { bare, type LastPromise, type PaymentsDeps } from './deps.ts'
import { leftoverAt, reconcileGiven } from './given.ts'
import { createPeerConduct, type PeerConduct } from './peer-conduct.ts'

export type PayOutcome =
  | { kind: 'paid'; increase: Amount }
  /** The peer already holds as much ahead as was asked for. */
  | { kind: 'enough' }
  /** The next increase would put more at risk than allowed, or than the chain lets one promise be worth. */
  | { kind: 'limit'; needed: Amount }
  | { kind: 'refused'; reason: RefusalReason }
  /** The dialogue ended or the chain could not be asked; what was signed counts as promised. */
  | { kind: 'failed'; message: string }

/** Amounts with one peer as this side reckons them. */
export type Standing = {
  /** Promised and not earned by the peer: what would be lost if it stopped now. */
  leftover: Amount
  /** What the peer says it has left of ours. */
  claimed: Amount
  /** Signed since this dialogue began. */
  promisedHere: Amount
}

/** Bounds what is signed beside what may be at risk, such as a budget. */
export type Allowance = {
  /** What may still be signed for. */
  left(): Amount
  /** No more than is left; on disk when it returns, and only then is anything signed for it sent. */
  take(amount: Amount): void
}

type PayRequest = { target: Amount; maxAtRisk: Amount; allowance?: Allowance | undefined }

/** The half of a link that pays. */
export type Issuer = {
  readonly conduct: PeerConduct
  /** The peer's first advice; rejects with `DialogueEnded`, or with the signal's reason. */
  advised(signal?: AbortSignal): Promise<PaymentAdvice>
  /**
   * Pays so much that the peer has `target` left, in one promise, never below its minimum, and never so
   * much that more than `maxAtRisk` would be promised and not earned, or more than is allowed. One at a time.
   */
  payAhead(request: PayRequest): Promise<PayOutcome>
  /** What a session has cost so far (cumulative) by metering that was believed; durable when it returns. */
  consume(sessionId: string, cost: Amount): void
  standing(): Standing
  /** The last that was signed for the peer; both 0n: none. */
  lastPromise(): LastPromise
  /** Whether this can be the last promise that the peer holds, as far as it is not known to hold a later one. */
  mayHold(promise: LastPromise): boolean
}

/** After that many repairs of a refused promise the peer makes no sense. */
const ATTEMPTS = 3

/**
 * Rules, so that no advice, true, stale or lying, makes this side pay twice (whitepaper 6.5.3, 6.6.2):
 * - A promise is on disk, at the very amount, before it is sent. From then on it counts as given,
 *   whatever the answer, until the chain shows that less was cleared.
 * - One proposal is under way at a time. One that was never acknowledged is sent again as it is: the
 *   same signature costs nothing more.
 * - A promise is updated only while the peer's last advice names its serial, at no more than what was
 *   signed, and never again after an advice came without it. An update adds to the highest amount ever
 *   signed under that serial, so an advice that names an older amount gains nothing.
 * - Otherwise a new serial is taken: above every one ever used, at least the time in milliseconds, so that
 *   a lost ledger does not lead to a serial used twice.
 * - What the peer says is left decides only when to pay, never how much may be at risk: that is what
 *   was promised and not earned by metering that was believed, and it stays within `maxAtRisk`.
 * - A peer that denies what it acknowledged is paid nothing more in this dialogue; what it may hold stays
 *   at risk, so that it never gets more than `maxAtRisk` for nothing, however often it comes back.
 * - An advice with a promise that we signed but do not remember comes after a lost ledger; the promise
 *   is written down as given and as earned.
 */
export function createIssuer(deps: PaymentsDeps, dialogue: Dialogue, changed: () => void): Issuer {
  const { ledger, chain, clock, log } = deps
  const { peer } = dialogue
  const self = deps.identity.id
  const consumed = new Map<string, Amount>()
  let advice: PaymentAdvice | undefined
  let claimed = 0n
  let owed = 0n
  let promisedHere = 0n
  let paying: Promise<unknown> = Promise.resolve()
  let announce: (advice: PaymentAdvice) => void = () => undefined
  const first = new Promise<PaymentAdvice>((resolve) => {
    announce = resolve
  })

  const ownLeftover = () => leftoverAt(ledger, peer)
  const conduct = createPeerConduct(deps, peer, ownLeftover)
  const save = (promise: GivenPromise) => ledger.saveGiven({ ...promise, updatedAtMs: clock.now() })
  const find = (serial: bigint) => ledger.findGiven(peer, serial)

  const addUsed = (amount: Amount) => {
    const account = ledger.account(peer) ?? { leftover: deps.policy().freeTrial, used: 0n }
    ledger.saveAccount(peer, { ...account, used: account.used + amount })
  }

  /** Charges what could not be charged before, as far as what is promised goes. */
  const settle = () => {
    const charge = least(owed, ownLeftover())
    if (charge <= 0n) return
    addUsed(charge)
    owed -= charge
  }

  function takeAdvice(next: PaymentAdvice) {
    const { update } = next
    const ours = update && update.issuer === self && update.benefiter === peer ? update : undefined
    const known = ours && find(ours.serial)
    // What was cleared stands at what was paid, which may be less; the peer's copy of it says nothing any more.
    if (ours && !known?.cleared && (!known || known.amount < ours.amount)) {
      if (!isSignedByIssuer(ours, chain)) return takeAdvice({ leftover: next.leftover, policy: next.policy })
      log.warn(`${peer} holds a promise of ours that is not in the ledger; it is written down as used`)
      ledger.atomically(() => {
        addUsed(ours.amount - (known?.amount ?? 0n))
        save({ ...ours, accepted: ours.amount, stopped: known?.stopped ?? false, cleared: false, updatedAtMs: 0 })
      })
    } else if (ours && known && known.accepted < ours.amount) save({ ...known, accepted: ours.amount })
    for (const promise of ledger.openGiven(peer)) {
      if (promise.accepted > 0n && !promise.stopped && promise.serial !== ours?.serial) {
        save({ ...promise, stopped: true })
      }
    }
    advice = next
    claimed = next.leftover
    conduct.heard(claimed)
    announce(next)
  }

  dialogue.handle(PAYMENT_ADVICE, (body) => {
    takeAdvice(paymentAdvice.parse(body))
    changed()
    return undefined
  })

  /** The promise to send next: the unacknowledged one again, an update, or a new one. */
  function nextPromise(
    request: PayRequest,
    { policy, update }: PaymentAdvice,
    balance: Amount,
  ): GivenPromise | PayOutcome {
    const last = ledger.lastGiven(peer)
    const open = last && !last.stopped && !last.cleared ? last : undefined
    // A promise of nothing is none.
    const minimum = most(policy.minimumIncrease, 1n)
    const limit = least(deps.registry.registeredValue(self) / 2n, policy.maximumPromise)
    // One that became too much for the peer would be refused each time: another takes its place.
    if (open && open.amount - open.accepted >= minimum && open.amount <= limit) return open

    const promisedToAll = sumOf(ledger.openGiven())
    const atRisk = request.maxAtRisk - ownLeftover()
    const room = least(atRisk, request.allowance?.left() ?? atRisk)
    const wanted = most(request.target - claimed, minimum)
    let increase = least(wanted, room)
    if (increase < minimum) return { kind: 'limit', needed: minimum }
    if (balance - promisedToAll < minimum) return { kind: 'refused', reason: 'promise-not-covered' }
    increase = least(increase, balance - promisedToAll)

    const updatable = open && policy.updateAllowed && update?.serial === open.serial ? open : undefined
    if (updatable && limit - updatable.amount >= minimum) {
      return sign({ ...updatable, amount: updatable.amount + least(increase, limit - updatable.amount) })
    }
    if (limit < minimum) return { kind: 'refused', reason: 'promise-above-limit' }
    // What a higher serial follows is not updated any more.
    if (open) save({ ...open, stopped: true })
    const serial = most((last?.serial ?? 0n) + 1n, BigInt(Math.floor(clock.now())))
    const amount = least(increase, limit)
    return sign({
      ...{ issuer: self, serial, benefiter: peer, amount, signature: '0x' },
      ...{ accepted: 0n, stopped: false, cleared: false, updatedAtMs: 0 },
    })
  }

  function sign(promise: GivenPromise): GivenPromise {
    const { issuer, serial, benefiter, amount } = promise
    const typed = chain.promiseTypedData({ issuer, serial, benefiter, amount })
    return { ...promise, signature: deps.identity.signTypedData(typed) }
  }

  async function pay(request: PayRequest): Promise<PayOutcome> {
    let refusal: RefusalReason = 'service-unavailable'
    let isReconciled = false
    let refusedBefore: RefusalReason | undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!advice) return { kind: 'failed', message: 'The provider has not said what it asks for.' }
      const distrust = conduct.distrust()
      if (distrust) return { kind: 'failed', message: distrust }
      if (claimed >= request.target) return { kind: 'enough' }
      const balance = await chain.balanceOf(self)
      const next = nextPromise(request, advice, balance)
      if ('kind' in next) {
        if (next.kind !== 'refused' || next.reason !== 'promise-not-covered' || isReconciled) return next
        // What others have cleared has left the balance already; it must not count twice.
        for (const benefiter of new Set(ledger.openGiven().map((promise) => promise.benefiter))) {
          await reconcileGiven(deps, benefiter)
        }
        isReconciled = true
        continue
      }
      const before = find(next.serial)
      const increase = next.amount - (before?.amount ?? 0n)
      if (increase > 0n) {
        request.allowance?.take(increase)
        save(next)
      }
      promisedHere += increase
      settle()
      changed()
      // A promise that goes again may have arrived before; one that is new or higher adds at least its increase.
      const credited = increase > 0n ? increase : next.amount - (before?.accepted ?? 0n)
      const refused = await propose(next, credited)
      if (!refused) return { kind: 'paid', increase: next.amount - (before?.accepted ?? 0n) }
      conduct.refused(next, refused, { isNew: before === undefined, isRepeated: refused === refusedBefore, advice })
      refusedBefore = refused
      refusal = refused
      if (!(await repair(next, refused))) break
    }
    return { kind: 'refused', reason: refusal }
  }

  async function propose(promise: GivenPromise, credited: Amount): Promise<RefusalReason | undefined> {
    const reply = await dialogue.request(PAYMENT_PROPOSAL, proposalBody(promise))
    if (reply.type === PAYMENT_REFUSE) return paymentRefuse.parse(reply.body).reason
    if (reply.type !== PAYMENT_ACCEPT) return 'unknown-message'
    claimed = paymentAccept.parse(reply.body).leftover
    conduct.credited(credited)
    conduct.heard(claimed)
    const now = find(promise.serial) ?? promise
    // Its advice on acceptance came before this answer: it says whether there may be an update.
    const stopped = now.stopped || advice?.update?.serial !== promise.serial
    save({ ...now, accepted: most(now.accepted, promise.amount), stopped })
    settle()
    changed()
    return undefined
  }

  /** Brings the ledger in line with a refusal; true when trying again makes sense. */
  async function repair(promise: GivenPromise, reason: RefusalReason): Promise<boolean> {
    const now = find(promise.serial) ?? promise
    switch (reason) {
      case 'promise-serial-cleared':
        await reconcileGiven(deps, peer)
        save({ ...(find(promise.serial) ?? promise), stopped: true })
        return true
      case 'promise-serial-old':
      case 'promise-update-forbidden':
        save({ ...now, stopped: true })
        return true
      case 'promise-below-minimum':
      case 'promise-above-limit':
        // The policy has changed, and the advice that says so is here.
        return true
      case 'promise-not-increased':
        // It has this one already; whether it may be updated, its advice says.
        save({ ...now, accepted: most(now.accepted, promise.amount), stopped: advice?.update?.serial !== now.serial })
        return true
      default:
        return false
    }
  }

  return {
    conduct,
    async advised(signal) {
      if (advice) return advice
      signal?.throwIfAborted()
      const ended = dialogue.closed.then((end) => {
        throw new MystError('DialogueEnded', REFUSALS['service-unavailable'], { details: { end } })
      })
      let onAbort: () => void = () => undefined
      const aborted = new Promise<never>((_, reject) => {
        onAbort = () => reject(signal?.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
      })
      try {
        return await Promise.race([first, ended, aborted])
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
    },
    payAhead(request) {
      const run = paying.then(() =>
        pay(request).catch((error: unknown): PayOutcome => {
          log.debug(`a promise to ${peer} was not answered: ${String(error)}`)
          const sentence = error instanceof MystError ? error.message : 'The provider did not answer the payment.'
          return { kind: 'failed', message: sentence }
        }),
      )
      paying = run
      return run
    },
    consume(sessionId, cost) {
      const delta = cost - (consumed.get(sessionId) ?? 0n)
      if (delta <= 0n) return
      consumed.set(sessionId, cost)
      // What the peer has beyond what we promised it gave us: a free trial, or what it forgot.
      const free = most(claimed - ownLeftover(), 0n)
      claimed = most(claimed - delta, 0n)
      owed += delta - least(free, delta)
      settle()
      changed()
    },
    lastPromise: () => bare(ledger.lastGiven(peer)),
    mayHold({ serial, amount }) {
      const acknowledged = ledger.lastAcknowledged(peer)
      if (serial === 0n) return amount === 0n && !acknowledged
      const named = find(serial)
      if (!named || serial < (acknowledged?.serial ?? 0n)) return false
      // What was cleared stands at what was paid, which may be less than what it holds.
      return amount > 0n && amount >= named.accepted && amount <= most(named.amount, named.accepted)
    },
    standing: () => ({ leftover: ownLeftover(), claimed, promisedHere }),
  }
}
