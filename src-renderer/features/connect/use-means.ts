import { useMemo } from 'react'
import { type ConnectionState, isBehindVpn } from '#shared/model/session.ts'
import { useNode } from '../../store/node-context.tsx'
import { type Means, proposalKey } from './target.ts'

/** By a tunnel that stands, or that is being got back. */
function isGuarded(connection: ConnectionState): boolean {
  return isBehindVpn(connection) || (connection.name === 'reconnecting' && connection.isBlocked)
}

export function useMeans(): Means {
  const capabilities = useNode((state) => state.capabilities)
  const guard = useNode(({ connection }) =>
    connection.name === 'blocked' ? 'block' : isGuarded(connection) ? 'tunnel' : undefined,
  )
  const inUse = useNode(({ connection }) =>
    connection.name === 'connected' ? proposalKey(connection.proposal) : undefined,
  )
  return useMemo(() => ({ capabilities, guard, inUse }), [capabilities, guard, inUse])
}
