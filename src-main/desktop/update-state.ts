import type { UpdateState } from '#shared/contract/shell.ts'

/** What a person asks for, and what comes of it. */
export type UpdateEvent =
  | { name: 'check' | 'download' | 'newest' | 'downloaded' }
  | { name: 'found'; version: string }
  | { name: 'progress'; percent: number }
  | { name: 'failed'; message: string }

/**
 *   none ─check→ checking ─found→ available ─download→ downloading ─downloaded→ ready
 *     ▲             │ newest                               │
 *     └─────────────┘            failed ◀──────────────────┴── (from checking, too; a check leads on)
 *
 * An event that does not fit leaves the state as it is: nothing is downloaded that was not found first, and what is
 * there already is not looked for again.
 */
export function nextUpdate(state: UpdateState, event: UpdateEvent): UpdateState {
  switch (event.name) {
    case 'check':
      return ['none', 'available', 'failed'].includes(state.name) ? { name: 'checking' } : state
    case 'newest':
      return state.name === 'checking' ? { name: 'none' } : state
    case 'found':
      return state.name === 'checking' ? { name: 'available', version: event.version } : state
    case 'download':
      return state.name === 'available' ? { name: 'downloading', version: state.version, percent: 0 } : state
    case 'progress': {
      if (state.name !== 'downloading') return state
      const percent = Math.min(100, Math.max(state.percent, Math.floor(event.percent)))
      return percent === state.percent ? state : { ...state, percent }
    }
    case 'downloaded':
      return state.name === 'downloading' ? { name: 'ready', version: state.version } : state
    case 'failed':
      return state.name === 'checking' || state.name === 'downloading'
        ? { name: 'failed', message: event.message }
        : state
  }
}
