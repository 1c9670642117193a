import type { AppState } from '#shared/contract/state.ts'

/** What still stands between a person and paying for (or offering) a service, the nearest first. */
export type Readiness = 'no-identity' | 'locked' | 'not-backed-up' | 'not-registered' | 'no-balance' | 'ready'

export function readiness(state: Pick<AppState, 'identity' | 'wallet'>): Readiness {
  const { identity, wallet } = state
  if (identity.all.length === 0) return 'no-identity'
  if (!identity.unlocked) return 'locked'
  const own = identity.all.find(({ id }) => id === identity.active)
  if (own && !own.backedUp && !own.backedUpBefore) return 'not-backed-up'
  if (identity.registration !== 'registered') return 'not-registered'
  if (wallet.balance === 0n) return 'no-balance'
  return 'ready'
}
