import { m } from '../../messages/index.ts'
import type { Readiness } from '../../store/readiness.ts'
import { navigate } from '../../store/route.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

const needs = (): Partial<Record<Readiness, string>> => ({
  'no-identity': m.share.needIdentity,
  locked: m.share.needUnlock,
  'not-backed-up': m.share.needBackup,
  'not-registered': m.share.needRegistration,
})

/** Providers need an identity that is registered and safe, but no money. */
export function ShareNotReady({ ready }: { ready: Readiness }) {
  const text = needs()[ready]
  if (!text) return null
  return (
    <Notice
      tone="accent"
      action={
        <Button size="small" onClick={() => navigate(ready === 'locked' ? 'unlock' : 'setup')}>
          {ready === 'locked' ? m.confirm.unlock : m.confirm.setUp}
        </Button>
      }
    >
      {text}
    </Notice>
  )
}
