import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppState } from '#shared/contract/state.ts'
import type { Bridge, LinkState } from '../bridge/bridge.ts'

/** What the renderer knows of the node: a copy it never writes to. */
export type Mirror = {
  link: LinkState
  /** When the node was found not to answer; while it does not. */
  lostAtMs?: number | undefined
  /** Absent until the first snapshot; kept, though it may be old, while the node does not answer. */
  app?: AppState
}

export type MirrorStore = Pick<StoreApi<Mirror>, 'getState' | 'getInitialState' | 'subscribe'>

/**
 * Follows the node's state: a snapshot, then deltas numbered one by one. A number that does not follow, of a
 * delta or of a beat, means that one was missed; the mirror then subscribes anew and takes a new snapshot.
 */
export function createMirror(bridge: Bridge): { store: MirrorStore; stop(): void } {
  const store = createStore<Mirror>(() => ({ link: 'connecting' }))
  let expected: number | undefined
  let stop = () => {}
  let generation = 0

  const start = () => {
    generation += 1
    const mine = generation
    expected = undefined
    stop = bridge.onState({
      onLink(link) {
        if (mine !== generation) return
        // After a gap the screen stays as it was: "connecting" is for the first time only.
        if (link === 'connecting' && store.getState().app) return
        if (link !== 'lost') store.setState({ link, lostAtMs: undefined })
        else if (store.getState().link !== 'lost') store.setState({ link, lostAtMs: Date.now() })
      },
      onMessage(message) {
        if (mine !== generation) return
        if (message.kind === 'snapshot') {
          expected = message.number + 1
          store.setState({ app: message.state })
          return
        }
        const app = store.getState().app
        // Before the snapshot, or older than it: the snapshot holds it, or a gap will show.
        if (!app || expected === undefined || message.number < expected) return
        if (message.number > expected || message.kind === 'beat') {
          stop()
          start()
          return
        }
        expected += 1
        store.setState({ app: { ...app, ...message.set } })
      },
    })
  }

  start()
  return {
    store,
    stop() {
      generation += 1
      stop()
    },
  }
}
