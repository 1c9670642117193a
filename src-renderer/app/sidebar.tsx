import { Activity, Globe, type LucideIcon, Settings, Share2, Wallet } from 'lucide-react'
import { m } from '../messages/index.ts'
import { useNode } from '../store/node-context.tsx'
import type { Route } from '../store/route.ts'
import { Brand } from '../ui/brand.tsx'
import { ConnectionPill } from './connection-pill.tsx'
import { IdentityCard } from './identity-card.tsx'
import { NetworkLine } from './network-line.tsx'
import { ProgramsLine } from './programs-line.tsx'

const ITEMS: { route: keyof typeof m.app & Route; Icon: LucideIcon }[] = [
  { route: 'connect', Icon: Globe },
  { route: 'share', Icon: Share2 },
  { route: 'wallet', Icon: Wallet },
  { route: 'activity', Icon: Activity },
  { route: 'settings', Icon: Settings },
]

export function Sidebar({ route }: { route: Route }) {
  const sharing = useNode(({ share }) => (share.state === 'off' ? undefined : share.closed ? 'paused' : 'on'))
  return (
    <>
      <header className="side-head">
        <Brand />
        <strong className="side-name">{m.app.name}</strong>
        <ConnectionPill />
        <ProgramsLine />
      </header>
      <nav className="nav" aria-label={m.app.navigation}>
        {ITEMS.map(({ route: target, Icon }) => (
          <a
            key={target}
            href={`#/${target}`}
            className="nav-item"
            aria-current={route === target ? 'page' : undefined}
          >
            <Icon size={19} aria-hidden />
            <span>{m.app[target]}</span>
            {target === 'share' && sharing && (
              <span className="nav-badge">
                <span className="dot" data-tone={sharing === 'on' ? 'green' : 'amber'} aria-hidden />
                <span className="visually-hidden">{sharing === 'on' ? m.share.states.on : m.share.paused}</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <div className="side-foot">
        <IdentityCard />
        <NetworkLine />
      </div>
    </>
  )
}
