import { startedInAll } from '#shared/model/session.ts'
import { countryName } from '../messages/countries.ts'
import { formatClock } from '../messages/format.ts'
import { useConnection } from '../store/use-connection.ts'
import { useNow } from '../store/use-now.ts'
import { connectionTitle, connectionTone } from '../ui/connection-state.ts'

/** The state, on every screen. A way back to Connect as well. */
export function ConnectionPill() {
  const connection = useConnection()
  const country =
    connection.name === 'connected'
      ? countryName(connection.live.exit?.country ?? connection.proposal.originLocation.country)
      : undefined
  return (
    <a className="pill" href="#/connect" data-tone={connectionTone(connection)}>
      <span className="dot" data-tone={connectionTone(connection)} aria-hidden />
      <span className="truncate">{connectionTitle(connection)}</span>
      {connection.name === 'connected' && (
        <span className="pill-detail">
          <span className="pill-country truncate">{country}</span>
          <span className="pill-country"> · </span>
          <Since atMs={startedInAll(connection)} />
        </span>
      )}
    </a>
  )
}

function Since({ atMs }: { atMs: number }) {
  const now = useNow()
  return <span className="numbers">{formatClock(now - atMs)}</span>
}
