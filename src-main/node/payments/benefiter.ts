import type { SignedPromise } from '#shared/model/promise.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Dialogue } from '../ports/dialogue.ts'
import {
  acceptBody,
  adviceBody,
  PAYMENT_ACCEPT,
  PAYMENT_ADVICE,
  PAYMENT_PROPOSAL,
  PAYMENT_REFUSE,
  paymentProposal,
} from '../protocol/payment.ts'
import { checkAlone, checkOnChain, isSignedByIssuer } from './check-promise.ts'
import { least, type PaymentsDeps } from './deps.ts'

/** The half of a link that is paid. */
export type Benefiter = {
  /** Received from the peer and not used yet. */
  leftover(): Amount
  /**
   * Takes what a session has cost so far (cumulative) from the leftover, as far as it goes; `persist`
   * runs in the same transaction. What could not be taken is `unpaid` and is taken when more comes.
   */
  charge(sessionId: string, cost: Amount, persist: () => void): { leftover: Amount; unpaid: Amount }
  /** Sends payment advice if leftover moved by more than a tenth since the last one, or reached zero. */
  adviseIfMoved(): void
  /** Sends payment advice now; resolves when the peer acknowledged it. */
  advise(): Promise<void>
  /** Called after a promise was credited, before the issuer is told. */
  onCredit(handle: () => void): () => void
}

/**
 * Rules, in the order of the whitepaper (6.5.3, 6.6.2):
 * - A promise is accepted only as a whole, and is on disk with its credit before it is acknowledged.
 * - What the chain knows is read first and everything else is checked again after, in one synchronous
 *   step with the commit: a clearing or another proposal in between cannot slip past.
 * - Advice is sent on opening, when leftover moved by more than a tenth, when it reached zero, before
 *   clearing, and on acceptance. It names the last promise only while that may be updated.
 * - Leftover never goes below zero.
 */
export function createBenefiter(deps: PaymentsDeps, dialogue: Dialogue, changed: () => void): Benefiter {
  const { ledger, chain, log } = deps
  const { peer } = dialogue
  const self = deps.identity.id
  const credited = new Set<() => void>()
  const charged = new Map<string, Amount>()
  let reported: Amount | undefined

  const account = () => {
    const known = ledger.account(peer)
    if (known) return known
    // A leftover above zero at the first meeting is the free trial; it is given once.
    const fresh = { leftover: deps.policy().freeTrial, used: 0n }
    ledger.saveAccount(peer, fresh)
    return fresh
  }

  const advise = async () => {
    const { leftover } = account()
    const policy = deps.policy()
    const last = ledger.lastReceived(peer)
    const mayUpdate = last && last.state === 'open' && !last.stopped && policy.updateAllowed
    reported = leftover
    await dialogue.send(PAYMENT_ADVICE, adviceBody({ leftover, policy, ...(mayUpdate ? { update: last } : {}) }))
  }

  const adviseQuietly = () => {
    advise().catch((error: unknown) => log.debug(`advice to ${peer} was not delivered: ${String(error)}`))
  }

  const check = (promise: SignedPromise) =>
    checkAlone(promise, {
      self,
      peer,
      policy: deps.policy(),
      registeredValue: deps.registry.registeredValue(peer),
      last: ledger.lastReceived(peer),
      cleared: ledger.lastReceived(peer, 'cleared'),
    })

  /** Takes the promise, or says why not. */
  async function accept(promise: SignedPromise): Promise<RefusalReason | undefined> {
    const alone = check(promise)
    if (alone === 'promise-wrong-parties') return alone
    if (!isSignedByIssuer(promise, chain)) return 'promise-signature-invalid'
    if (alone) return alone
    let lastCleared: bigint
    let balance: Amount
    try {
      lastCleared = await chain.lastClearedSerial(peer, self)
      balance = await chain.balanceOf(peer)
    } catch (error) {
      log.warn(`cannot check a promise: ${error instanceof Error ? error.message : String(error)}`)
      return 'chain-unreachable'
    }
    const outstanding = ledger.outstandingOf(peer)
    const refusal = check(promise) ?? checkOnChain(promise, { lastCleared, balance, outstanding })
    if (refusal) return refusal
    credit(promise)
    return undefined
  }

  function credit(promise: SignedPromise) {
    const nowMs = deps.clock.now()
    ledger.atomically(() => {
      const last = ledger.lastReceived(peer)
      const before = last?.serial === promise.serial ? last : undefined
      const increase = promise.amount - (before?.amount ?? 0n)
      const { leftover, used } = account()
      const createdAtMs = before?.createdAtMs ?? nowMs
      ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs, updatedAtMs: nowMs })
      ledger.saveAccount(peer, { leftover: leftover + increase, used })
      ledger.addEarned(dayOf(nowMs), increase)
    })
    for (const handle of [...credited]) handle()
    changed()
  }

  dialogue.handle(PAYMENT_PROPOSAL, async (body) => {
    const { promise } = paymentProposal.parse(body)
    const reason = await accept(promise)
    if (reason) {
      log.info(`refused a promise of ${peer}: ${reason}`)
      return { type: PAYMENT_REFUSE, body: { reason } }
    }
    adviseQuietly()
    return { type: PAYMENT_ACCEPT, body: acceptBody(account().leftover) }
  })

  return {
    leftover: () => account().leftover,
    charge(sessionId, cost, persist) {
      const due = cost - (charged.get(sessionId) ?? 0n)
      const { leftover, taken } = ledger.atomically(() => {
        const { leftover, used } = account()
        const taken = least(due, leftover)
        if (taken > 0n) ledger.saveAccount(peer, { leftover: leftover - taken, used })
        persist()
        return { leftover: leftover - taken, taken }
      })
      charged.set(sessionId, (charged.get(sessionId) ?? 0n) + taken)
      return { leftover, unpaid: due - taken }
    },
    adviseIfMoved() {
      const { leftover } = account()
      if (reported === undefined || leftover === reported) return
      const moved = leftover > reported ? leftover - reported : reported - leftover
      if (leftover === 0n || moved * 10n > reported) adviseQuietly()
    },
    advise,
    onCredit(handle) {
      credited.add(handle)
      return () => void credited.delete(handle)
    },
  }
}

/** The local day as YYYY-MM-DD. */
export function dayOf(ms: number): string {
  const date = new Date(ms)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
