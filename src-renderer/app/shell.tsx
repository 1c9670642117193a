import { m } from '../messages/index.ts'
import type { Route } from '../store/route.ts'
import { Screen } from './screen.tsx'
import { Sidebar } from './sidebar.tsx'
import { StatusLine } from './status-line.tsx'

export function Shell({ route }: { route: Route }) {
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
        {m.app.skip}
      </button>
      <Sidebar route={route} />
      <div className="shell-main">
        <StatusLine />
        <main id="content" className="content" data-screen={route} tabIndex={-1}>
          <Screen route={route} waiting={<p className="faint">{m.app.opening}</p>} />
        </main>
      </div>
    </div>
  )
}
