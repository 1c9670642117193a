import { useMemo } from 'react'
import type { ConnectionState } from '#shared/model/session.ts'
import { useLostAt, useNode } from './node-context.tsx'

/**
 * What can be said of the connection. While the node does not answer that is nothing: it may have ended, and the tunnel
 * with it; `before` is what it said last.
 */
export type KnownConnection = ConnectionState | { name: 'unknown'; sinceMs: number; before: ConnectionState }

export function useConnection(): KnownConnection {
  const before = useNode((state) => state.connection)
  const sinceMs = useLostAt()
  return useMemo(() => (sinceMs === undefined ? before : { name: 'unknown', sinceMs, before }), [before, sinceMs])
}
