import type { AppState } from '#shared/contract/state.ts'
import type { Route } from '../store/route.ts'

/** One state of the app to look at. */
export type Scene = {
  route: Route
  state: AppState
  link?: 'open' | 'lost' | 'signed-out' | 'connecting'
  /** No offers, no sessions, no promises. */
  empty?: boolean
  /** The offer that a link leads to. */
  offer?: { provider: string; serial: number }
  /** Of the buttons that are pressed one after another, each once it is there: its words, or its whole name. */
  press?: () => readonly string[]
  /** What this page kept from an earlier visit. */
  remembered?: Record<string, unknown>
}
