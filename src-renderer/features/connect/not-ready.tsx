import { m } from '../../messages/index.ts'
import type { Readiness } from '../../store/readiness.ts'
import { navigate, type Route } from '../../store/route.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

const NEXT: Record<Exclude<Readiness, 'ready'>, { text: string; action: string; route: Route }> = {
  'no-identity': { text: m.confirm.needIdentity, action: m.confirm.setUp, route: 'setup' },
  locked: { text: m.confirm.needUnlock, action: m.confirm.unlock, route: 'unlock' },
  'not-backed-up': { text: m.confirm.needBackup, action: m.confirm.setUp, route: 'setup' },
  'not-registered': { text: m.confirm.needRegistration, action: m.confirm.setUp, route: 'setup' },
  'no-balance': { text: m.confirm.needBalance, action: m.confirm.toWallet, route: 'wallet' },
}

/** What is still missing before one can pay, and the way there. */
export function NotReady({ ready }: { ready: Readiness }) {
  if (ready === 'ready') return null
  const { text, action, route } = NEXT[ready]
  return (
    <Notice
      tone="accent"
      action={
        <Button size="small" onClick={() => navigate(route)}>
          {action}
        </Button>
      }
    >
      {text}
    </Notice>
  )
}
