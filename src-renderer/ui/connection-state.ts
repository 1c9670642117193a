import type { ConnectionState } from '#shared/model/session.ts'
import { m } from '../messages/index.ts'

/** `unknown`: the node does not answer. */
type Known = ConnectionState | { name: 'unknown' }

export type StateTone = 'neutral' | 'amber' | 'green' | 'red' | 'accent'

const TONES: Record<Known['name'], StateTone> = {
  disconnected: 'neutral',
  connecting: 'amber',
  connected: 'green',
  reconnecting: 'amber',
  blocked: 'red',
  disconnecting: 'neutral',
  unknown: 'neutral',
}

/** The one place that says which colour a connection's state has. Green is for the whole computer only. */
export function connectionTone(connection: Known): StateTone {
  return isProxy(connection) ? 'accent' : TONES[connection.name]
}

/** And in two words what it is. A proxy protects what is pointed at it and nothing else. */
export function connectionTitle(connection: Known): string {
  return isProxy(connection) ? m.connection.proxyReady : m.connection[connection.name]
}

function isProxy(connection: Known): boolean {
  return connection.name === 'connected' && connection.proposal.serviceType === 'socks'
}
