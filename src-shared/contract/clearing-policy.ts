import { z } from 'zod'
import { amount } from './fields.ts'

/** Whichever comes first. An early clearing because of risk happens under every policy. */
export const clearingPolicy = z.object({
  /** As soon as a promise is accepted; every clearing costs gas. */
  atOnce: z.boolean(),
  /** When a peer's uncleared promises reach this much; 0 switches it off. */
  threshold: amount,
  /** When the oldest of a peer's uncleared promises is so old; 0 switches it off. */
  maxAgeMs: z
    .number()
    .int()
    .min(0)
    .max(365 * 86_400_000),
})
export type ClearingPolicy = z.output<typeof clearingPolicy>
