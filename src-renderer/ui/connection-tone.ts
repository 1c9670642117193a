import type { ConnectionState } from '#shared/model/session.ts'

export type StateTone = 'neutral' | 'amber' | 'green'

/** The one place that says which colour a connection's state has. */
export function connectionTone(name: ConnectionState['name']): StateTone {
  return name === 'connected' ? 'green' : name === 'connecting' ? 'amber' : 'neutral'
}
