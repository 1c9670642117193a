/** Time comes in through this port so that a test can hold the clock. Milliseconds throughout. */
export type Clock = {
  /** Wall time, milliseconds since 1970. */
  now(): number
  /** Runs once after `ms`; the returned function cancels. Timers never keep the process alive. */
  after(ms: number, run: () => void): () => void
  /** Runs every `ms` until cancelled. */
  every(ms: number, run: () => void): () => void
}
