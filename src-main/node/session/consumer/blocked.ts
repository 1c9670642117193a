import type { ProposalFilter } from '#shared/model/proposal.ts'
import type { ConnectionFailure, ConnectionState } from '#shared/model/session.ts'

import { billOf, type ConnectionDeps, type Context } from './context.ts'

/**
 * No session, and nothing leaves this machine: somebody who relied on a tunnel does not fall back to her own
 * address unasked. Ends by a connect or by the person's word.
 */
export function blocked(context: Context, failure: ConnectionFailure): void {
  const { deps, options } = context
  const guard = deps.serviceTypes.find((type) => type.guard?.stands)?.guard
  const { message: why, paid } = failure
  const { filter: again } = options
  const sinceMs = context.closedAtMs ?? guard?.stands?.sinceMs ?? deps.clock.now()
  context.show({ name: 'blocked', why, sinceMs, paid, ...billOf(context), ...(again ? { again } : {}) })
}

const LOCKDOWN = 'Lockdown is on: nothing leaves this computer but through a VPN.'

/** Nobody is connected, and it stays closed for that: by the person's own choice. `last`: how it came to this. */
export function lockedDown(
  deps: Pick<ConnectionDeps, 'serviceTypes'>,
  last?: ConnectionFailure,
  again?: ProposalFilter,
): Extract<ConnectionState, { name: 'blocked' }> | undefined {
  const stands = deps.serviceTypes.find(({ guard }) => guard?.stands && guard.isLockdown)?.guard?.stands
  if (!stands) return undefined
  // What the person herself ended needs no reason, and no second attempt.
  const failed = last?.end === 'consumer-closed' || last?.end === 'shutdown' ? undefined : last
  return {
    name: 'blocked',
    isLockdown: true,
    sinceMs: stands.sinceMs,
    paid: last?.paid ?? 0n,
    why: failed ? `${failed.message} ${LOCKDOWN}` : LOCKDOWN,
    ...(failed && again ? { again } : {}),
  }
}
