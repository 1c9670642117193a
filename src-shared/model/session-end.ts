/** Every cause that ends a session; exactly one is recorded per session. */
export const SESSION_ENDS = [
  'consumer-closed',
  'provider-closed',
  'leftover-exhausted',
  'outside-hours',
  'volume-used-up',
  'budget-used-up',
  'dialogue-ended',
  'tunnel-failed',
  'metering-disputed',
  'overpriced',
  'not-verified',
  'shutdown',
] as const
export type SessionEnd = (typeof SESSION_ENDS)[number]
