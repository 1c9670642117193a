import type { AppState, StateChange } from '#shared/contract/state.ts'

/**
 * The one state tree (ARCHITECTURE: "the node owns it"). Parts replace whole branches; every door
 * gets one snapshot and then numbered deltas, so it can tell when it missed one.
 */
export type StateTree = {
  get(): AppState
  set(branches: Partial<AppState>): void
  snapshot(): StateChange
  subscribe(listener: (message: StateChange) => void): () => void
  /** Resolves as soon as `test` holds, also when it holds already. Rejects when `signal` aborts. */
  when(test: (state: AppState) => boolean, signal?: AbortSignal): Promise<AppState>
}

export function createStateTree(initial: AppState): StateTree {
  let state = initial
  let number = 0
  const listeners = new Set<(message: StateChange) => void>()

  const tree: StateTree = {
    get: () => state,
    set(branches) {
      state = { ...state, ...branches }
      number += 1
      for (const listener of [...listeners]) listener({ kind: 'delta', number, set: branches })
    },
    snapshot: () => ({ kind: 'snapshot', number, state }),
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    when(test, signal) {
      return new Promise((resolve, reject) => {
        if (test(state)) return resolve(state)
        if (signal?.aborted) return reject(signal.reason)
        const stop = tree.subscribe(() => {
          if (!test(state)) return
          done()
          resolve(state)
        })
        const abort = () => {
          done()
          reject(signal?.reason)
        }
        const done = () => {
          stop()
          signal?.removeEventListener('abort', abort)
        }
        signal?.addEventListener('abort', abort)
      })
    },
  }
  return tree
}
