import { countryName } from '../messages/countries.ts'
import { m } from '../messages/index.ts'
import { said } from '../messages/said.ts'
import { type KnownConnection, useConnection } from '../store/use-connection.ts'

/** Says every change of the connection to a screen reader, whichever screen is open. */
export function ConnectionAnnouncer() {
  const connection = useConnection()
  return (
    <p className="visually-hidden" role="status" aria-live="polite">
      {sentence(connection)}
    </p>
  )
}

function sentence(connection: KnownConnection): string {
  switch (connection.name) {
    case 'disconnected': {
      const { last } = connection
      if (!last || last.end === 'consumer-closed') return m.connection.disconnected
      return (last.step ? m.connection.announceFailed : m.connection.announceEnded)(said(last.message))
    }
    case 'connecting':
      return `${m.connection.connectingTo(countryName(connection.proposal.originLocation.country))}. ${m.steps.names[connection.step]}`
    case 'unknown':
      return '' // The banner above says it.
    case 'connected':
      if (connection.proposal.serviceType === 'socks') return m.connection.proxyReady
      return m.connection.connectedTo(
        countryName(connection.live.exit?.country ?? connection.proposal.originLocation.country),
      )
    case 'reconnecting':
      return m.connection.announceLost(said(connection.lost))
    case 'blocked':
      return m.connection.announceBlocked(said(connection.why))
    case 'disconnecting':
      return m.connection.disconnecting
  }
}
