import { createStore, type StoreApi } from 'zustand/vanilla'
import type { MirrorStore } from './mirror.ts'

/** Bits per second at a moment. */
export type TrafficSample = { atMs: number; up: number; down: number }
export type TrafficHistory = { sessionId?: string; samples: readonly TrafficSample[] }
export type TrafficHistoryStore = StoreApi<TrafficHistory>

/** The chart shows the last two minutes; more is never kept. */
export const HISTORY_MS = 120_000

/** Remembers the live session's rates for the chart, across screens, and forgets them with the session. */
export function createTrafficHistory(mirror: MirrorStore, now: () => number): TrafficHistoryStore {
  const store = createStore<TrafficHistory>(() => ({ samples: [] }))
  let seen: object | undefined

  const take = () => {
    const connection = mirror.getState().app?.connection
    if (connection === seen) return
    seen = connection
    if (connection?.name !== 'connected') {
      if (connection?.name !== 'disconnecting' && store.getState().samples.length > 0) {
        store.setState({ samples: [] })
      }
      return
    }
    const { sessionId, rateBps } = connection.live
    const atMs = now()
    const { samples, sessionId: before } = store.getState()
    const kept = before === sessionId ? samples.filter((sample) => sample.atMs > atMs - HISTORY_MS) : []
    store.setState({ sessionId, samples: [...kept, { atMs, ...rateBps }] })
  }

  take()
  mirror.subscribe(take)
  return store
}
