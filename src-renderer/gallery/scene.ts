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
  /** The words of a button that is pressed once it is there. */
  press?: () => string
  /** What this page kept from an earlier visit. */
  remembered?: Record<string, unknown>
}
