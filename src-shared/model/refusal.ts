/**
 * Why a peer refused. The name crosses the wire, the sentence does not: each side shows its own, so a
 * stranger never chooses a text that a person reads.
 */
export const REFUSALS = {
  'unknown-message': 'The other side does not know this kind of message; one of the two needs an update.',
  'malformed-message': 'The other side could not read the message.',
  'proposal-unknown': 'The provider no longer makes this offer; choose another one.',
  'not-sharing': 'The provider is not sharing at the moment; choose another one.',
  'service-unavailable': 'The provider cannot start this service at the moment; try another one.',
  'sessions-full': 'The provider serves as many people as it allows; try again later or choose another.',
  'outside-hours': 'The provider serves at certain hours of the day only; try again later or choose another.',
  'volume-used-up': 'The provider has carried as much as it allows for this month; choose another one.',
  'service-data-invalid': 'The session data was refused as invalid.',
  'payment-required': 'The provider wants to be paid ahead before it opens a session.',
  'promise-signature-invalid': 'The promise is not signed by its issuer.',
  'promise-wrong-parties': 'The promise names another issuer or benefiter.',
  'promise-serial-cleared': 'The promise carries a serial that was already cleared; a new serial is needed.',
  'promise-serial-old': 'The promise carries an older serial than one already accepted.',
  'promise-update-forbidden': 'The provider asked for a new promise instead of an update.',
  'promise-not-increased': 'The promise is not higher than the one already accepted.',
  'promise-below-minimum': 'The increase is smaller than the provider accepts.',
  'promise-above-limit': 'The promise exceeds half of the value the issuer registered with.',
  'promise-not-covered': "The issuer's balance does not cover the promise; deposit more MYST.",
  'credit-exhausted': 'The provider clears what you promised first; try again in a moment.',
  'chain-unreachable': 'The other side cannot reach the chain to check the promise; try again in a moment.',
  'shutting-down': 'The other side is shutting down.',
} as const

export type RefusalReason = keyof typeof REFUSALS
