import type { ConnectionFailure } from '#shared/model/session.ts'

import type { Context } from './context.ts'

/**
 * No session, and nothing leaves this machine: somebody who relied on a tunnel does not fall back to her own
 * address unasked. Ends by a connect or by the person's word.
 */
export function blocked(context: Context, failure: ConnectionFailure): void {
  const { deps, options } = context
  const guard = deps.serviceTypes.find((type) => type.guard?.stands)?.guard
  const { message: why, paid } = failure
  const { filter: again } = options
  const sinceMs = guard?.stands?.sinceMs ?? deps.clock.now()
  context.show({ name: 'blocked', why, sinceMs, paid, ...(again ? { again } : {}) })
}
