import type { DialogueTiming } from '../protocol/limits.ts'

/** Retransmission timeout after RFC 6298, with the floor and ceiling of `timing`. */
export function createRto(timing: Pick<DialogueTiming, 'rtoInitialMs' | 'rtoMinMs' | 'rtoMaxMs'>) {
  let smoothedMs: number | undefined
  let variationMs = 0
  let baseMs = timing.rtoInitialMs
  return {
    /** A round trip of a packet that was sent once only (Karn's rule is the caller's). */
    sample(roundTripMs: number) {
      if (smoothedMs === undefined) {
        smoothedMs = roundTripMs
        variationMs = roundTripMs / 2
      } else {
        variationMs = 0.75 * variationMs + 0.25 * Math.abs(smoothedMs - roundTripMs)
        smoothedMs = 0.875 * smoothedMs + 0.125 * roundTripMs
      }
      baseMs = Math.max(timing.rtoMinMs, smoothedMs + 4 * variationMs)
    },
    /** How long to wait after the given transmission (1 = the first): doubles each time. */
    after: (attempt: number) => Math.ceil(Math.min(timing.rtoMaxMs, baseMs * 2 ** Math.min(attempt - 1, 16))),
  }
}
