/**
 * What a provider did that it must not, as far as one's own node could prove it, with the sentence a person reads.
 * Kept per provider; it never crosses the wire.
 */
export const MISCONDUCT = {
  'wrong-leftover': 'It denied having been paid what it had acknowledged before.',
  'refused-payment': 'It refused payments that were just as it had asked for them.',
  'cleared-unannounced': 'It cleared a promise while it still asked for an update of it.',
  overpriced: 'It charged more than the price it had signed.',
  'inflated-metering': 'It counted more traffic than passed through the tunnel.',
  'gave-nothing': 'It took payment, and no traffic came through.',
} as const

export type MisconductKind = keyof typeof MISCONDUCT
