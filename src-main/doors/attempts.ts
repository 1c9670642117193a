/** Wrong passphrases at one door. */
export type Attempts = {
  /**
   * Undefined: it may be tried, and counts as wrong until `succeeded`, so that many at once are no way around.
   * Else the milliseconds to wait first.
   */
  begin(): number | undefined
  succeeded(): void
}

/** So many mistakes are a person's; then each wait is twice the one before, up to the longest. */
const FREE = 5
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 5 * 60_000

/** `now`: milliseconds of a clock that nobody sets. */
export function createAttempts(now: () => number = () => performance.now()): Attempts {
  let wrong = 0
  let openAtMs = Number.NEGATIVE_INFINITY
  return {
    begin() {
      const waitMs = openAtMs - now()
      if (waitMs > 0) return waitMs
      wrong += 1
      if (wrong >= FREE) openAtMs = now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (wrong - FREE))
      return undefined
    },
    succeeded() {
      wrong = 0
      openAtMs = Number.NEGATIVE_INFINITY
    },
  }
}
