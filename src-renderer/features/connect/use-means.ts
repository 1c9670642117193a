import { useMemo } from 'react'
import { isBehindVpn } from '#shared/model/session.ts'
import { useNode } from '../../store/node-context.tsx'
import type { Means } from './target.ts'

export function useMeans(): Means {
  const capabilities = useNode((state) => state.capabilities)
  const guard = useNode(({ connection }) =>
    connection.name === 'blocked' ? 'block' : isBehindVpn(connection) ? 'tunnel' : undefined,
  )
  return useMemo(() => ({ capabilities, guard }), [capabilities, guard])
}
