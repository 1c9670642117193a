import { countryName } from '../messages/countries.ts'
import { formatClock } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { useNode } from '../store/node-context.tsx'
import { useNow } from '../store/use-now.ts'
import { connectionTone } from '../ui/connection-tone.ts'

/** The state, on every screen. A way back to Connect as well. */
export function ConnectionPill() {
  const connection = useNode((state) => state.connection)
  const country =
    connection.name === 'connected'
      ? countryName(connection.live.exit?.country ?? connection.proposal.originLocation.country)
      : undefined
  return (
    <a className="pill" href="#/connect" data-tone={connectionTone(connection.name)}>
      <span className="dot" data-tone={connectionTone(connection.name)} aria-hidden />
      <span className="truncate">{m.connection[connection.name]}</span>
      {connection.name === 'connected' && (
        <span className="pill-detail">
          <span className="pill-country truncate">{country}</span>
          <span className="pill-country"> · </span>
          <Since atMs={connection.live.startedAtMs} />
        </span>
      )}
    </a>
  )
}

function Since({ atMs }: { atMs: number }) {
  const now = useNow()
  return <span className="numbers">{formatClock(now - atMs)}</span>
}
