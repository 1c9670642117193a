import { recoverAddress, TypedDataEncoder } from 'ethers'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Chain } from '../ports/chain.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import type { ReceivedPromise } from '../storage/ledger-repository.ts'
import { least } from './deps.ts'

/** Above this half of the group order a signature is the mirror image of another one. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** Whether the issuer signed it, in the one form that the contract takes too: low s, v 27 or 28. */
export function isSignedByIssuer(promise: SignedPromise, chain: Pick<Chain, 'promiseTypedData'>): boolean {
  const { issuer, serial, benefiter, amount, signature } = promise
  const s = BigInt(`0x${signature.slice(66, 130)}`)
  const v = signature.slice(130)
  if (signature.length !== 132 || s > HALF_ORDER || (v !== '1b' && v !== '1c')) return false
  try {
    const { domain, types, value } = chain.promiseTypedData({ issuer, serial, benefiter, amount })
    return recoverAddress(TypedDataEncoder.hash(domain, types, value), signature).toLowerCase() === issuer
  } catch {
    return false
  }
}

/** What can be said of a promise without asking anybody (whitepaper 6.5.3, 6.5.6); undefined: nothing against it. */
export function checkAlone(
  promise: SignedPromise,
  known: {
    self: IdentityId
    peer: IdentityId
    policy: PaymentPolicy
    registeredValue: Amount
    /** Of this issuer's promises to us: the one with the highest serial, and the highest cleared one. */
    last: ReceivedPromise | undefined
    cleared: ReceivedPromise | undefined
  },
): RefusalReason | undefined {
  const { policy, last, cleared } = known
  if (promise.issuer !== known.peer || promise.benefiter !== known.self) return 'promise-wrong-parties'
  if (cleared && promise.serial <= cleared.serial) return 'promise-serial-cleared'
  if (last && promise.serial < last.serial) return 'promise-serial-old'
  const before = last?.serial === promise.serial ? last : undefined
  if (before && promise.amount <= before.amount) return 'promise-not-increased'
  if (before && (before.stopped || !policy.updateAllowed)) return 'promise-update-forbidden'
  const increase = promise.amount - (before?.amount ?? 0n)
  if (increase <= 0n) return 'promise-not-increased'
  if (promise.amount > least(known.registeredValue / 2n, policy.maximumPromise)) return 'promise-above-limit'
  if (increase < policy.minimumIncrease) return 'promise-below-minimum'
  return undefined
}

/** What needs the chain: the serial's standing there, and whether the issuer's balance covers all its promises. */
export function checkOnChain(
  promise: SignedPromise,
  facts: {
    lastCleared: bigint
    balance: Amount
    outstanding: readonly { benefiter: IdentityId; serial: bigint; amount: Amount }[]
  },
): RefusalReason | undefined {
  if (promise.serial <= facts.lastCleared) return 'promise-serial-cleared'
  const others = facts.outstanding
    .filter((other) => other.benefiter !== promise.benefiter || other.serial !== promise.serial)
    // Of this pair, what the chain says is cleared has left the balance already.
    .filter((other) => other.benefiter !== promise.benefiter || other.serial > facts.lastCleared)
    .reduce((sum, other) => sum + other.amount, 0n)
  return others + promise.amount > facts.balance ? 'promise-not-covered' : undefined
}
