import type { SignedPromise } from '#shared/model/promise.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'
import { most, sumOf } from '../lib/amounts.ts'
import { recoverIdentity } from '../lib/secp256k1.ts'
import type { Chain } from '../ports/chain.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import type { ReceivedPromise } from '../storage/ledger-repository.ts'

/** Whether the issuer signed it, in the one form that the contract takes too: low s, v 27 or 28. */
export function isSignedByIssuer(promise: SignedPromise, chain: Pick<Chain, 'promiseDigest'>): boolean {
  const signature = Buffer.from(promise.signature.slice(2), 'hex')
  return recoverIdentity(signature, chain.promiseDigest(promise)) === promise.issuer
}

/** How far an issuer is trusted (`exposure.ts`). */
export type Limits = {
  /** The most that one promise may be worth, by the contract and by this node's policy. */
  promise: Amount
  /**
   * The most that an issuer may owe this identity at once (whitepaper 6.5.6): a small first credit, and what it has had
   * cleared here, so that it doubles with each time. What it had cleared to others may be to itself, at the
   * price of the network's fee; so it counts for just that much. Never more than one promise may be worth.
   */
  credit: Amount
  /**
   * From the credit up to here promises are still accepted, because a clearing takes about as long as what was
   * paid ahead lasts: an honest consumer is not to wait for it. It is one more first credit.
   */
  ceiling: Amount
}

/**
 * What speaks against a promise whose parties and signature are right (whitepaper 6.5.3, 6.5.6); undefined: nothing.
 * Amounts of the issuer's own promises to this identity are in `held`; of those one may be the promise's forerunner.
 */
export function checkPromise(
  promise: SignedPromise,
  known: {
    policy: PaymentPolicy
    limits: Limits
    /** The highest serial of the pair that the chain has cleared, and what the account can still pay. */
    lastCleared: bigint
    balance: Amount
    /** Promises of the pair above that serial, ascending; cleared ones are those that the copy does not have yet. */
    held: readonly ReceivedPromise[]
    /** Promised and not cleared: to other identities of this node, and to others as far as they told. */
    owedToOwn: Amount
    owedElsewhere: Amount
  },
): RefusalReason | undefined {
  const { policy, held } = known
  const last = held.at(-1)
  const cleared = held.findLast(({ state }) => state === 'cleared')
  if (promise.serial <= most(known.lastCleared, cleared?.serial ?? 0n)) return 'promise-serial-cleared'
  if (last && promise.serial < last.serial) return 'promise-serial-old'
  const before = last?.serial === promise.serial ? last : undefined
  const increase = promise.amount - (before?.amount ?? 0n)
  if (increase <= 0n) return 'promise-not-increased'
  if (before && (before.stopped || !policy.updateAllowed)) return 'promise-update-forbidden'
  if (promise.amount > known.limits.promise) return 'promise-above-limit'
  if (increase < policy.minimumIncrease) return 'promise-below-minimum'
  // What the chain has cleared and the copy does not know of will leave the balance that the copy knows.
  const promised = sumOf(held) + increase + known.owedToOwn + known.owedElsewhere
  if (promised > known.balance) return 'promise-not-covered'
  const owed = sumOf(held.filter(({ state }) => state !== 'cleared')) + increase + known.owedToOwn
  return owed > known.limits.ceiling ? 'credit-exhausted' : undefined
}
