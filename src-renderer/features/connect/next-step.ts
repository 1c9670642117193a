import { m } from '../../messages/index.ts'
import type { Readiness } from '../../store/readiness.ts'
import type { Route } from '../../store/route.ts'

/** What is still missing before one can pay, and the way there. */
export const NEXT_STEP: Record<Exclude<Readiness, 'ready'>, { text: string; action: string; route: Route }> = {
  'no-identity': { text: m.confirm.needIdentity, action: m.confirm.setUp, route: 'setup' },
  locked: { text: m.confirm.needUnlock, action: m.confirm.unlock, route: 'unlock' },
  'not-backed-up': { text: m.confirm.needBackup, action: m.confirm.setUp, route: 'setup' },
  'not-registered': { text: m.confirm.needRegistration, action: m.confirm.setUp, route: 'setup' },
  'no-balance': { text: m.confirm.needBalance, action: m.confirm.toWallet, route: 'wallet' },
}
