import type { Clock } from '../ports/clock.ts'

export type Rate = { perSecond: number; burst: number }

/** A token bucket: `take` says whether one more is allowed now. */
export type Bucket = { take(): boolean }

export function createBucket(clock: Pick<Clock, 'now'>, rate: Rate): Bucket {
  let tokens = rate.burst
  let filledMs = clock.now()
  return {
    take() {
      const nowMs = clock.now()
      // a clock set back must not drain or freeze the bucket
      const passedMs = Math.max(0, nowMs - filledMs)
      filledMs = nowMs
      tokens = Math.min(rate.burst, tokens + (passedMs * rate.perSecond) / 1000)
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}

/** A bucket per key; the key not used for the longest is forgotten when there are more than `maxKeys`. */
export function createBuckets(clock: Pick<Clock, 'now'>, rate: Rate, maxKeys: number): { take(key: string): boolean } {
  const buckets = new Map<string, Bucket>()
  return {
    take(key) {
      const bucket = buckets.get(key) ?? createBucket(clock, rate)
      buckets.delete(key)
      buckets.set(key, bucket)
      if (buckets.size > maxKeys) {
        const oldest = buckets.keys().next().value
        if (oldest !== undefined) buckets.delete(oldest)
      }
      return bucket.take()
    },
  }
}
