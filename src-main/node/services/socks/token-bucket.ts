import type { Clock } from '../../ports/clock.ts'

export type Throttle = {
  /** Resolves when `count` may go; undefined: at once. */
  take(count: number): Promise<void> | undefined
}

/** A rate with some slack, for bytes or for events. First come, first served. */
export type TokenBucket = Throttle & {
  /** True and taken when `count` may go at once. */
  tryTake(count: number): boolean
}

/** What waits for both, for the second not before the first let it go: nobody holds what it cannot use yet. */
export function inSeries(first: Throttle | undefined, second: Throttle | undefined): Throttle | undefined {
  if (!first || !second) return first ?? second
  return {
    take: (count) => {
      const wait = first.take(count)
      return wait === undefined ? second.take(count) : wait.then(() => second.take(count))
    },
  }
}

/**
 * One user's place at a bucket that many share: it asks for one thing at a time, so that everybody gets the same,
 * however much each of them wants at once.
 */
export function inTurn(shared: Throttle | undefined): Throttle | undefined {
  let last: Promise<void> | undefined
  return (
    shared && {
      take(count) {
        const wait = last === undefined ? shared.take(count) : last.then(() => shared.take(count))
        const mine = wait?.then(() => {
          if (last === mine) last = undefined
        })
        last = mine
        return mine
      },
    }
  )
}

/** `burst` tokens may go at once after a pause; over time `perSecond`. */
export function createTokenBucket(options: { clock: Clock; perSecond: number; burst: number }): TokenBucket {
  const { clock, perSecond } = options
  const slackMs = (options.burst / perSecond) * 1000
  /** When everything taken so far will have been earned: the whole state (virtual scheduling). */
  let earnedAtMs = 0

  const reserve = (count: number) => {
    const nowMs = clock.now()
    // A wall clock that was set back must not hold traffic up: never wait longer than what is owed.
    earnedAtMs = Math.max(nowMs, earnedAtMs) + (count / perSecond) * 1000
    return earnedAtMs - slackMs - nowMs
  }

  return {
    take(count) {
      const waitMs = reserve(count)
      return waitMs <= 0 ? undefined : new Promise((resolve) => void clock.after(waitMs, resolve))
    },
    tryTake(count) {
      if (Math.max(clock.now(), earnedAtMs) + (count / perSecond) * 1000 - slackMs > clock.now()) return false
      reserve(count)
      return true
    },
  }
}
