import { useMemo } from 'react'
import { useNode } from '../../store/node-context.tsx'
import type { Means } from './target.ts'

export function useMeans(): Means {
  const capabilities = useNode((state) => state.capabilities)
  const guard = useNode(({ connection }) =>
    connection.name === 'blocked'
      ? 'block'
      : connection.name === 'connected' && connection.proposal.serviceType === 'openvpn'
        ? 'tunnel'
        : undefined,
  )
  return useMemo(() => ({ capabilities, guard }), [capabilities, guard])
}
