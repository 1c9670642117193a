import type { PaymentPolicy } from '../../src-main/node/protocol/payment.ts'

/** 0.0001 MYST. */
const UNIT = 10n ** 14n

/** What the two nodes and the test agree on; amounts in base units. */
export const TERMS = {
  passphrase: 'crash and come back',
  /** The issuer keeps so much ahead, and one payment is never more. */
  target: 4n * UNIT,
  minimumIncrease: UNIT,
  maxAtRisk: 12n * UNIT,
  /** One metering costs so much. */
  cost: (3n * UNIT) / 4n,
  /** A dialogue message of this test's own: all that the benefiter has ever taken for its service. */
  metering: 'crash-metering',
} as const

export const policyOf = (updateAllowed: boolean): PaymentPolicy => ({
  minimumIncrease: TERMS.minimumIncrease,
  maximumPromise: 10_000n * UNIT,
  updateAllowed,
  freeTrial: 0n,
  feeBps: 100,
})

export type Role = 'issuer' | 'benefiter'

/**
 * What a node prints, each once it is on disk:
 *
 *   given         a promise was signed, or the benefiter's word on it written down
 *   received      a promise was accepted, or went a step towards being cleared
 *   charged       something was taken for the service; consumed: the issuer believed it
 */
export type Told =
  | { event: 'given'; serial: string; amount: string; accepted: string; cleared: boolean }
  | { event: 'received'; serial: string; amount: string; state: 'open' | 'clearing' | 'cleared' }
  | { event: 'charged' }
  | { event: 'consumed' }
  /** Life: loaded, waiting for `open`; the books are open; connected to the broker; in a dialogue. */
  | { event: 'loaded' }
  | { event: 'open' }
  | { event: 'online' }
  | { event: 'dialogue' }
  /** An attempt to pay that came to nothing. */
  | { event: 'not-paid'; why: string }
  /** The issuer believes that it was cheated. */
  | { event: 'accused'; kind: string }
  | { event: 'paused' }
  | { event: 'clearing' }
  | { event: 'cleared'; serials: string[]; problems: string[] }
