import { BEAT_MS } from '#shared/contract/state.ts'

/** Nothing heard for so long means that the node hangs: its door sends beats. */
export const SILENCE_MS = 3 * BEAT_MS

export type Timers = {
  setTimeout(run: () => void, ms: number): number
  clearTimeout(timer: number): void
}

/** Calls `silent` once when nothing was `heard` for too long since it was last. */
export function watchForSilence(timers: Timers, silent: () => void): { heard(): void; stop(): void } {
  let timer: number | undefined
  const stop = () => {
    if (timer !== undefined) timers.clearTimeout(timer)
    timer = undefined
  }
  return {
    heard() {
      stop()
      timer = timers.setTimeout(silent, SILENCE_MS)
    },
    stop,
  }
}
