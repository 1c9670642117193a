import '../ui/tokens.css'
import '../ui/base.css'
import '../ui/ui.css'
import './app.css'
import { useEffect } from 'react'
import { Setup } from '../features/setup/setup.tsx'
import { Unlock } from '../features/unlock/unlock.tsx'
import { type NodeParts, NodeProvider, useHasState, useLink, useNode } from '../store/node-context.tsx'
import { type Route, redirect, useRoute } from '../store/route.ts'
import { ConnectionAnnouncer } from './connection-announcer.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { LostBanner } from './lost-banner.tsx'
import { Shell } from './shell.tsx'
import { Waiting } from './waiting.tsx'

export function App({ parts }: { parts: NodeParts }) {
  return (
    <NodeProvider parts={parts}>
      <ErrorBoundary>
        <Gate />
      </ErrorBoundary>
    </NodeProvider>
  )
}

/** Nothing below is shown before there is something true to show. */
function Gate() {
  const link = useLink()
  const hasState = useHasState()
  if (link === 'signed-out') return <Waiting signedOut />
  if (!hasState) return <Waiting lost={link === 'lost'} />
  return (
    <div className="frame">
      {link === 'lost' && <LostBanner />}
      <ConnectionAnnouncer />
      <Screens />
    </div>
  )
}

function Screens() {
  const route = useRoute()
  const first = useNode<Route>(({ identity }) =>
    identity.all.length === 0 ? 'setup' : identity.unlocked ? 'connect' : 'unlock',
  )
  useEffect(() => {
    if (!route) redirect(first)
  }, [route, first])
  if (!route) return null
  if (route === 'setup') return <Setup />
  if (route === 'unlock') return <Unlock />
  return <Shell route={route} />
}
