import { MystError } from '#shared/errors/myst-error.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { ConnectionFailure } from '#shared/model/session.ts'
import { formatMyst } from '#shared/model/units.ts'

import type { PayOutcome } from '../../payments/issuer.ts'
import type { Attempt } from './attempt.ts'

/** A refusal of the peer, or another expected end of an attempt. */
export class Failed extends Error {
  readonly reason: RefusalReason | undefined
  constructor(message: string, reason?: RefusalReason) {
    super(message)
    this.reason = reason
  }
}

/** The tunnel stands and does not do what was paid for; `gaveNothing` when nothing at all came back. */
export class NotVerified extends Failed {
  readonly gaveNothing: boolean
  constructor(message: string, gaveNothing = false) {
    super(message)
    this.gaveNothing = gaveNothing
  }
}

export function notPaid(outcome: Exclude<PayOutcome, { kind: 'paid' | 'enough' }>, maxAtRisk: bigint): Error {
  switch (outcome.kind) {
    case 'limit':
      return new Failed(
        `The provider wants at least ${formatMyst(outcome.needed)} MYST more ahead, and at most ${formatMyst(maxAtRisk)} MYST may be at risk with one provider.`,
      )
    case 'refused':
      return new Failed(REFUSALS[outcome.reason], outcome.reason)
    case 'failed':
      return new Failed(outcome.message)
  }
}

/** Why a connection with a budget ends, or does not come about. */
export const BUDGET_USED_UP = 'The budget is used up; raise it to go on.'

export const budgetUsedUp = () => new MystError('BudgetUsedUp', BUDGET_USED_UP)

/** Another provider may hold less. */
export const holdsMore = () =>
  new MystError('BudgetTooSmall', 'The provider holds more of your MYST from before than is left of the budget.')

/** Everything else passed. Whether the server or the provider is silent cannot be told: the guard lets names through to no other. */
export const ownResolverSilent = (server: string) =>
  new MystError(
    'OwnResolverSilent',
    `Your DNS server ${server} does not answer through this connection; change it in Settings.`,
  )

/** Of whoever an offer is from. */
export const NOT_ANSWERED = 'The provider does not answer; it may be offline.'

/** One sentence of our own; a stranger's text never gets here, because the node's errors carry none. */
export function sentenceOf(error: unknown, { ending }: Attempt): Omit<ConnectionFailure, 'paid' | 'step'> {
  if (error instanceof NotVerified) return { end: 'not-verified', message: error.message }
  const end = ending ? { end: ending.end } : {}
  if (error instanceof Failed) {
    return { ...end, message: error.message, ...(error.reason ? { reason: error.reason } : {}) }
  }
  if (error instanceof MystError) {
    if (error.name === 'DialogueNotAnswered') return { ...end, message: NOT_ANSWERED }
    if (error.name === 'OwnResolverSilent') return { end: 'not-verified', message: error.message }
    if (error.name === 'BudgetUsedUp') return { end: 'budget-used-up', message: error.message }
    const reason = error.name === 'Refused' ? error.details.reason : undefined
    const isKnown = typeof reason === 'string' && Object.hasOwn(REFUSALS, reason)
    return { ...end, message: error.message, ...(isKnown ? { reason: reason as RefusalReason } : {}) }
  }
  return { ...end, message: 'The attempt failed for a reason that is in the log.' }
}
