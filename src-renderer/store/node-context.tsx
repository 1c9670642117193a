import { createContext, type ReactNode, useContext } from 'react'
import { useStore } from 'zustand'
import type { Settings } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { Bridge, LinkState } from '../bridge/bridge.ts'
import type { MirrorStore } from './mirror.ts'
import type { TrafficHistoryStore, TrafficSample } from './traffic-history.ts'

export type NodeParts = { bridge: Bridge; mirror: MirrorStore; traffic: TrafficHistoryStore }

const NodeContext = createContext<NodeParts | undefined>(undefined)

export function NodeProvider({ parts, children }: { parts: NodeParts; children: ReactNode }) {
  return <NodeContext value={parts}>{children}</NodeContext>
}

export function useNodeParts(): NodeParts {
  const parts = useContext(NodeContext)
  if (!parts) throw new Error('used outside NodeProvider')
  return parts
}

/** A part of the node's state. Only below `app/app.tsx`'s gate, which waits for the first snapshot. */
export function useNode<Part>(select: (state: AppState) => Part): Part {
  return useStore(useNodeParts().mirror, ({ app }) => {
    if (!app) throw new Error('used before the first snapshot')
    return select(app)
  })
}

export function useLink(): LinkState {
  return useStore(useNodeParts().mirror, (mirror) => mirror.link)
}

/** When the node was found not to answer, in milliseconds since 1970; undefined while it does. */
export function useLostAt(): number | undefined {
  return useStore(useNodeParts().mirror, (mirror) => mirror.lostAtMs)
}

export function useHasState(): boolean {
  return useStore(useNodeParts().mirror, (mirror) => mirror.app !== undefined)
}

/** What was chosen; before the first snapshot nobody knows, so it is what the browser asks for. */
export function useLanguage(): Settings['language'] {
  return useStore(useNodeParts().mirror, ({ app }) => app?.settings.language ?? 'auto')
}

export function useTraffic(): readonly TrafficSample[] {
  return useStore(useNodeParts().traffic, (history) => history.samples)
}
