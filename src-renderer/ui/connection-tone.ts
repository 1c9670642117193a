import type { ConnectionState } from '#shared/model/session.ts'

export type StateTone = 'neutral' | 'amber' | 'green' | 'red'

const TONES: Record<ConnectionState['name'], StateTone> = {
  disconnected: 'neutral',
  connecting: 'amber',
  connected: 'green',
  reconnecting: 'amber',
  blocked: 'red',
  disconnecting: 'neutral',
}

/** The one place that says which colour a connection's state has. */
export function connectionTone(name: ConnectionState['name']): StateTone {
  return TONES[name]
}
