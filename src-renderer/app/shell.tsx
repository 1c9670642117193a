import { type ComponentType, lazy, Suspense } from 'react'
import { Connect } from '../features/connect/connect.tsx'
import { m } from '../messages/index.ts'
import type { Route } from '../store/route.ts'
import { Sidebar } from './sidebar.tsx'
import { StatusLine } from './status-line.tsx'

const SCREENS: Record<Exclude<Route, 'setup' | 'unlock'>, ComponentType> = {
  connect: Connect,
  share: lazy(() => import('../features/share/share.tsx').then(({ Share }) => ({ default: Share }))),
  wallet: lazy(() => import('../features/wallet/wallet.tsx').then(({ Wallet }) => ({ default: Wallet }))),
  activity: lazy(() => import('../features/activity/activity.tsx').then(({ Activity }) => ({ default: Activity }))),
}

export function Shell({ route }: { route: keyof typeof SCREENS }) {
  const Screen = SCREENS[route]
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
        {m.app.skip}
      </button>
      <Sidebar route={route} />
      <div className="shell-main">
        <StatusLine />
        <main id="content" className="content" data-screen={route} tabIndex={-1}>
          <Suspense>
            <Screen />
          </Suspense>
        </main>
      </div>
    </div>
  )
}
