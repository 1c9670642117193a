import type { IdentityId } from './identity.ts'
import type { Amount } from './units.ts'

/** Whitepaper 6.5.3. Serial is unique and increasing per issuer–benefiter pair; amount only grows. */
export type PaymentPromise = {
  issuer: IdentityId
  serial: bigint
  benefiter: IdentityId
  amount: Amount
}

/** A promise with the issuer's 65-byte signature (`0x` hex, low s) over its EIP-712 hash. */
export type SignedPromise = PaymentPromise & { signature: `0x${string}` }
