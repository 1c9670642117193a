import { m } from '../../messages/index.ts'
import type { Readiness } from '../../store/readiness.ts'
import type { Route } from '../../store/route.ts'

/** What is still missing before one can pay, and the way there. */
export function nextStep(ready: Exclude<Readiness, 'ready'>): { text: string; action: string; route: Route } {
  const { confirm } = m
  switch (ready) {
    case 'no-identity':
      return { text: confirm.needIdentity, action: confirm.setUp, route: 'setup' }
    case 'locked':
      return { text: confirm.needUnlock, action: confirm.unlock, route: 'unlock' }
    case 'not-backed-up':
      return { text: confirm.needBackup, action: confirm.setUp, route: 'setup' }
    case 'not-registered':
      return { text: confirm.needRegistration, action: confirm.setUp, route: 'setup' }
    case 'no-balance':
      return { text: confirm.needBalance, action: confirm.toWallet, route: 'wallet' }
  }
}
