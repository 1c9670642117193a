import type { AppState } from '#shared/contract/state.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { type Readiness, readiness } from '../../store/readiness.ts'
import { navigate } from '../../store/route.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

const needs = (): Partial<Record<Readiness, string>> => ({
  'no-identity': m.share.needIdentity,
  locked: m.share.needUnlock,
  'not-backed-up': m.share.needBackup,
  'not-registered': m.share.needRegistration,
})

/** What has to be done first, in a sentence; undefined: nothing. Providers need no money. */
export function whyNotShare(state: Pick<AppState, 'identity' | 'wallet' | 'settings'>): string | undefined {
  return needs()[readiness(state)] ?? (state.settings.lockdown ? m.share.needNoLockdown : undefined)
}

export function ShareNotReady() {
  const ready = useNode(readiness)
  const text = useNode(whyNotShare)
  if (!text) return null
  const [route, label] =
    needs()[ready] === undefined
      ? (['settings', m.share.toSettings] as const)
      : ready === 'locked'
        ? (['unlock', m.confirm.unlock] as const)
        : (['setup', m.confirm.setUp] as const)
  return (
    <Notice
      tone={route === 'settings' ? 'amber' : 'accent'}
      action={
        <Button size="small" onClick={() => navigate(route)}>
          {label}
        </Button>
      }
    >
      {text}
    </Notice>
  )
}
