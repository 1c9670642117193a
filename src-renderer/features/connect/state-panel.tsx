import { Power, Zap } from 'lucide-react'
import type { ConnectionState } from '#shared/model/session.ts'
import { countryName } from '../../messages/countries.ts'
import { formatClock, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { useNow } from '../../store/use-now.ts'
import { Button } from '../../ui/button.tsx'
import { connectionTone } from '../../ui/connection-tone.ts'
import { Flag } from '../../ui/flag.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import type { Target } from './target.ts'

/** The state in words and the one button that changes it; always in the same place. */
export function StatePanel({ quick, onQuick }: { quick: Target | undefined; onQuick(target: Target): void }) {
  const connection = useNode((state) => state.connection)
  const disconnect = useCommand('connection.disconnect')
  const stop = () => void disconnect.run({})
  return (
    <div className="panel">
      <div className="panel-state">
        <span className="dot" data-tone={connectionTone(connection.name)} aria-hidden />
        <h1>{m.connection[connection.name]}</h1>
        {connection.name === 'connected' && <Elapsed sinceMs={connection.live.startedAtMs} />}
        {connection.name === 'connecting' && <Elapsed sinceMs={connection.startedAtMs} />}
      </div>
      <Where connection={connection} />
      {connection.name === 'disconnected' && (
        <div className="panel-action">
          <Button
            kind="primary"
            size="large"
            wide
            icon={<Zap size={18} aria-hidden />}
            disabled={!quick}
            onClick={() => quick && onQuick(quick)}
          >
            {m.connect.quick}
          </Button>
          <p className="panel-hint faint">
            {!quick
              ? m.connect.quickNone
              : quick.candidates.length === 1
                ? m.connect.quickHintOne
                : m.connect.quickHint(formatCount(quick.candidates.length))}
          </p>
        </div>
      )}
      {connection.name === 'connecting' && (
        <Button size="large" wide onClick={stop} busy={disconnect.running && m.steps.cancelling}>
          {m.connect.cancel}
        </Button>
      )}
      {connection.name === 'connected' && (
        <Button
          size="large"
          kind="danger"
          wide
          icon={<Power size={18} aria-hidden />}
          onClick={stop}
          busy={disconnect.running && m.connection.disconnecting}
        >
          {m.connect.disconnect}
        </Button>
      )}
      {connection.name === 'disconnecting' && <Button size="large" wide busy={`${m.connection.disconnecting}…`} />}
      <ErrorNotice error={disconnect.error} />
    </div>
  )
}

function Where({ connection }: { connection: ConnectionState }) {
  if (connection.name === 'disconnected') return <p className="panel-where muted">{m.connection.disconnectedText}</p>
  if (connection.name === 'disconnecting') return <p className="panel-where muted">{m.connection.disconnectingText}</p>
  const { proposal } = connection
  if (connection.name === 'connecting') {
    const { country } = proposal.originLocation
    return (
      <p className="panel-where">
        <Flag country={country} />
        <span>{m.connection.connectingTo(countryName(country))}</span>
      </p>
    )
  }
  const country = connection.live.exit?.country ?? proposal.originLocation.country
  const tunnel = connection.live.exit ? m.connection.connectedText : m.connection.connectedUnknownText
  const sentence = proposal.serviceType === 'socks' ? m.connection.connectedSocksText : tunnel
  return (
    <p className="panel-where">
      <Flag country={country} />
      <span>
        <strong>{countryName(country)}</strong>
        {connection.live.exit && <span className="mono"> · {connection.live.exit.address}</span>}
        <span className="panel-sentence muted">{sentence}</span>
      </span>
    </p>
  )
}

function Elapsed({ sinceMs }: { sinceMs: number }) {
  const now = useNow()
  return <span className="panel-clock numbers muted">{formatClock(now - sinceMs)}</span>
}
