import type { SignedPromise } from '#shared/model/promise.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'
import { least, most, sumOf } from '../lib/amounts.ts'
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
import type { ReceivedPromise } from '../storage/ledger-repository.ts'
import { checkPromise, isSignedByIssuer } from './check-promise.ts'
import { bare, type LastPromise, type PaymentsDeps } from './deps.ts'
import type { Exposure } from './exposure.ts'
import type { GroupCommit } from './group-commit.ts'

/** The half of a link that is paid. */
export type Benefiter = {
  /** Received from the peer and not used yet, as far as the peer's account can pay for it. */
  leftover(): Amount
  /** The last that was accepted of the peer; both 0n: none. */
  lastPromise(): LastPromise
  /**
   * Takes what a session has cost so far (cumulative) from the leftover, as far as it goes; `persist`
   * runs in the same transaction. What could not be taken is `unpaid` and is taken when more comes. The `leftover`
   * that is answered is what the peer's account can pay for.
   */
  charge(sessionId: string, cost: Amount, persist: () => void): { leftover: Amount; unpaid: Amount }
  /** Sends payment advice if leftover moved by more than a tenth since the last one, or reached zero. */
  adviseIfMoved(): void
  /** Sends payment advice now; resolves when the peer acknowledged it. */
  advise(): Promise<void>
  /** Called after a promise was credited, before the issuer is told. */
  onCredit(handle: () => void): () => void
}

const ASKED_BY_POLICY: ReadonlySet<RefusalReason> = new Set([
  'promise-below-minimum',
  'promise-above-limit',
  'promise-update-forbidden',
])

/**
 * Rules, in the order of the whitepaper (6.5.3, 6.6.2):
 * - A promise is accepted only as a whole, and is on disk with its credit before it is acknowledged.
 * - What is checked, also of the chain, is on this machine: check and commit are one synchronous step, and a
 *   clearing or another proposal cannot slip in between. Proposals of one turn share a commit.
 * - Advice is sent on opening, when leftover moved by more than a tenth, when it reached zero, before
 *   clearing, and on acceptance. It names the last promise only while that may be updated.
 * - Leftover never goes below zero.
 */
export function createBenefiter(
  deps: PaymentsDeps,
  { commits, exposure }: { commits: GroupCommit; exposure: Exposure },
  dialogue: Dialogue,
  settled: Promise<unknown>,
): Benefiter {
  const { ledger, chain, facts, log } = deps
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

  /** Promises that nobody can pay are nothing to go on serving for (whitepaper 6.5.6). */
  const backed = (leftover: Amount) => most(leftover - exposure.uncovered(peer), 0n)

  const advise = async () => {
    await settled
    const { leftover } = account()
    const asked = deps.policy()
    // An honest issuer then never signs what would be too much to be owed by it.
    const policy = { ...asked, maximumPromise: least(asked.maximumPromise, exposure.limits(peer).ceiling) }
    const last = ledger.lastReceived(peer)
    const mayUpdate = last && last.state === 'open' && !last.stopped && policy.updateAllowed
    reported = leftover
    await dialogue.send(PAYMENT_ADVICE, adviceBody({ leftover, policy, ...(mayUpdate ? { update: last } : {}) }))
  }

  const adviseQuietly = () => {
    advise().catch((error: unknown) => log.debug(`advice to ${peer} was not delivered: ${String(error)}`))
  }

  /** Checks the promise and writes it down with its credit, or says why not. */
  function take(promise: SignedPromise): RefusalReason | undefined {
    if (!facts.isCurrent()) return 'chain-unreachable'
    const policy = deps.policy()
    const limits = exposure.limits(peer)
    const lastCleared = facts.lastClearedSerial(peer, self)
    const held = ledger.receivedAfter(peer, lastCleared)
    const owedToOwn = sumOf(
      ledger
        .outstandingOf(peer)
        .filter(({ benefiter, serial }) => benefiter !== self && serial > facts.lastClearedSerial(peer, benefiter)),
    )
    const refused = checkPromise(promise, {
      ...{ policy, limits, lastCleared, held, owedToOwn },
      balance: facts.balanceOf(peer),
      owedElsewhere: deps.sharing?.outstandingElsewhere(peer) ?? 0n,
    })
    if (!refused) credit(promise, held.at(-1))
    return refused
  }

  function credit(promise: SignedPromise, last: ReceivedPromise | undefined): void {
    const nowMs = deps.clock.now()
    const before = last?.serial === promise.serial ? last : undefined
    const increase = promise.amount - (before?.amount ?? 0n)
    const { leftover, used } = account()
    const createdAtMs = before?.createdAtMs ?? nowMs
    ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs, updatedAtMs: nowMs })
    ledger.saveAccount(peer, { leftover: leftover + increase, used })
  }

  async function accept(promise: SignedPromise): Promise<RefusalReason | undefined> {
    if (promise.issuer !== peer || promise.benefiter !== self) return 'promise-wrong-parties'
    if (!isSignedByIssuer(promise, chain)) return 'promise-signature-invalid'
    const refused = await takeWithOthers(promise)
    if (refused !== 'promise-not-covered') return refused
    // Its deposit may be younger than our copy of the chain.
    await facts.catchUp()
    return takeWithOthers(promise)
  }

  const takeWithOthers = (promise: SignedPromise) =>
    commits.join(
      () => take(promise),
      (refused) => {
        if (!refused) for (const handle of [...credited]) handle()
      },
    )

  dialogue.handle(PAYMENT_PROPOSAL, async (body) => {
    const { promise } = paymentProposal.parse(body)
    await settled
    const refused = await accept(promise)
    if (refused) {
      log.info(`refused a promise of ${peer}: ${refused}`)
      // Who did not meet the policy hears it first as it is now, and can try again.
      if (ASKED_BY_POLICY.has(refused)) adviseQuietly()
      return { type: PAYMENT_REFUSE, body: { reason: refused } }
    }
    adviseQuietly()
    return { type: PAYMENT_ACCEPT, body: acceptBody(account().leftover) }
  })

  return {
    leftover: () => backed(account().leftover),
    lastPromise: () => bare(ledger.lastReceived(peer)),
    charge(sessionId, cost, persist) {
      const due = cost - (charged.get(sessionId) ?? 0n)
      const { leftover, taken } = ledger.atomically(() => {
        const { leftover, used } = account()
        const taken = least(due, leftover)
        if (taken > 0n) {
          ledger.saveAccount(peer, { leftover: leftover - taken, used })
          ledger.addEarned(deps.clock.now(), taken)
        }
        persist()
        return { leftover: leftover - taken, taken }
      })
      charged.set(sessionId, (charged.get(sessionId) ?? 0n) + taken)
      return { leftover: backed(leftover), unpaid: due - taken }
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
