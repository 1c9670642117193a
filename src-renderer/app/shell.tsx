import type { ComponentType } from 'react'
import { Activity } from '../features/activity/activity.tsx'
import { Connect } from '../features/connect/connect.tsx'
import { Settings } from '../features/settings/settings.tsx'
import { Share } from '../features/share/share.tsx'
import { Wallet } from '../features/wallet/wallet.tsx'
import { m } from '../messages/index.ts'
import type { Route } from '../store/route.ts'
import { Sidebar } from './sidebar.tsx'
import { StatusLine } from './status-line.tsx'

const SCREENS: Record<Exclude<Route, 'setup' | 'unlock'>, ComponentType> = {
  connect: Connect,
  share: Share,
  wallet: Wallet,
  activity: Activity,
  settings: Settings,
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
          <Screen />
        </main>
      </div>
    </div>
  )
}
