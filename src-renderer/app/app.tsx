import '../ui/tokens.css'
import '../ui/base.css'
import '../ui/ui.css'
import './app.css'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { locale, speak } from '../messages/index.ts'
import {
  type NodeParts,
  NodeProvider,
  useHasState,
  useLanguage,
  useLink,
  useLostAt,
  useNode,
} from '../store/node-context.tsx'
import { type Route, redirect, useRoute } from '../store/route.ts'
import { useTheme } from '../store/theme.ts'
import { ConnectionAnnouncer } from './connection-announcer.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { Locked } from './locked.tsx'
import { LostBanner } from './lost-banner.tsx'
import { PageTitle } from './page-title.ts'
import { loadOtherScreens, Screen } from './screen.tsx'
import { Shell } from './shell.tsx'
import { StatusLine } from './status-line.tsx'
import { Waiting } from './waiting.tsx'

export function render(root: HTMLElement, parts: NodeParts): void {
  createRoot(root).render(
    <StrictMode>
      <App parts={parts} />
    </StrictMode>,
  )
}

export function App({ parts }: { parts: NodeParts }) {
  return (
    <NodeProvider parts={parts}>
      <ErrorBoundary>
        <Gate />
      </ErrorBoundary>
    </NodeProvider>
  )
}

/**
 * Nothing below is shown before there is something true to show. Everything below takes its words while it renders; what
 * need not render with this (`memo`) asks for the language by itself. So another one comes at once, and what was typed stays.
 */
function Gate() {
  const language = useLanguage()
  speak(language, navigator.languages)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the locale follows the language that was just spoken.
  useEffect(() => {
    document.documentElement.lang = locale
  }, [language])
  useTheme()
  const link = useLink()
  const lostAtMs = useLostAt()
  const hasState = useHasState()
  if (link === 'signed-out') return <Waiting signedOut />
  if (link === 'locked') return <Locked />
  if (!hasState) return <Waiting lost={link === 'lost'} />
  return (
    <div className="frame">
      {lostAtMs !== undefined && <LostBanner sinceMs={lostAtMs} />}
      <ConnectionAnnouncer />
      <PageTitle />
      <Screens />
    </div>
  )
}

function Screens() {
  const route = useRoute()
  // Once there is a screen, and the browser has nothing better to do.
  useEffect(() => {
    const idle = requestIdleCallback(() => void loadOtherScreens().catch(() => undefined))
    return () => cancelIdleCallback(idle)
  }, [])
  const first = useNode<Route>(({ identity }) =>
    identity.all.length === 0 ? 'setup' : identity.unlocked || identity.unlocking ? 'connect' : 'unlock',
  )
  useEffect(() => {
    if (!route) redirect(first)
  }, [route, first])
  if (!route) return null
  if (route === 'setup' || route === 'unlock') {
    return (
      <>
        {route === 'setup' && <StatusLine />}
        <Screen route={route} waiting={<Waiting />} />
      </>
    )
  }
  return <Shell route={route} />
}
