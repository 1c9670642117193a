import { z } from 'zod'
import { identityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'

/*
 * Messages of payment inside a dialogue (whitepaper 6.6.2). Amounts and serials travel as decimal texts
 * in their one canonical form.
 *
 *   payment-advice    either way     what is left, what the next promise must be like
 *   payment-proposal  issuer →       a signed promise; answered by one of the next two
 *   payment-accept    ← benefiter    leftover after it was credited
 *   payment-refuse    ← benefiter    why not
 */
export const PAYMENT_ADVICE = 'payment-advice'
export const PAYMENT_PROPOSAL = 'payment-proposal'
export const PAYMENT_ACCEPT = 'payment-accept'
export const PAYMENT_REFUSE = 'payment-refuse'

/** No amount of MYST and no serial of ours comes near 2^128, which has 39 digits. */
const MAX = 2n ** 128n

/** A decimal text without leading zeros, at most 2^128, as a bigint. */
export const decimal = z
  .string()
  .regex(/^(0|[1-9]\d{0,38})$/)
  .transform(BigInt)
  .refine((value) => value <= MAX, 'is too large')

/** A reason of a newer version than ours counts as the most general one. */
export const refusalReason = z
  .custom<RefusalReason>((value) => typeof value === 'string' && Object.hasOwn(REFUSALS, value))
  .catch('service-unavailable')

/** 65 bytes r ‖ s ‖ v; whether it is anybody's signature is checked elsewhere. */
export const signature = z
  .string()
  .regex(/^0x[0-9a-f]{130}$/)
  .transform((text) => text as `0x${string}`)

export const signedPromise = z.object({
  issuer: identityId,
  serial: decimal.refine((serial) => serial > 0n),
  benefiter: identityId,
  amount: decimal,
  signature,
})

const policy = z.object({
  /** The least a promise must add to what was accepted before. */
  minimumIncrease: decimal,
  /** The most one promise may be worth, whatever the chain's own limit is. */
  maximumPromise: decimal,
  /** False: every payment comes as a promise of its own. */
  updateAllowed: z.boolean(),
  /** Leftover given to an identity that was never met before. */
  freeTrial: decimal,
  /** The network's fee in parts per 10,000; it is the benefiter's to bear. */
  feeBps: z.number().int().min(0).max(10_000),
})
/** What a benefiter asks of a promise (whitepaper 6.6.2, payment policy). */
export type PaymentPolicy = z.output<typeof policy>

export const paymentAdvice = z.object({
  /** Received from the peer and not used yet. */
  leftover: decimal,
  policy,
  /** The last promise not yet cleared, when this one shall be updated instead of a new one issued. */
  update: signedPromise.optional(),
})
export type PaymentAdvice = z.output<typeof paymentAdvice>

export const paymentProposal = z.object({ promise: signedPromise })
export const paymentAccept = z.object({ leftover: decimal })
export const paymentRefuse = z.object({ reason: refusalReason })

export function adviceBody({ leftover, policy, update }: PaymentAdvice) {
  return {
    leftover: leftover.toString(),
    policy: {
      minimumIncrease: policy.minimumIncrease.toString(),
      maximumPromise: policy.maximumPromise.toString(),
      updateAllowed: policy.updateAllowed,
      freeTrial: policy.freeTrial.toString(),
      feeBps: policy.feeBps,
    },
    ...(update ? { update: promiseBody(update) } : {}),
  }
}

export function proposalBody(promise: SignedPromise) {
  return { promise: promiseBody(promise) }
}

export function acceptBody(leftover: Amount) {
  return { leftover: leftover.toString() }
}

export function promiseBody({ issuer, serial, benefiter, amount, signature }: SignedPromise) {
  return { issuer, serial: serial.toString(), benefiter, amount: amount.toString(), signature }
}
