import { useMemo } from 'react'
import { useNode } from '../../store/node-context.tsx'
import type { Means } from './target.ts'

export function useMeans(): Means {
  const capabilities = useNode((state) => state.capabilities)
  const isBlocked = useNode((state) => state.connection.name === 'blocked')
  return useMemo(() => ({ capabilities, isBlocked }), [capabilities, isBlocked])
}
