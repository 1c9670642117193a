import type { Clock } from '../ports/clock.ts'

type ManualClock = Clock & {
  advance(ms: number): Promise<void>
  /** The clock on the wall goes on and timers stand still, as while a machine sleeps. */
  sleep(ms: number): void
}

/** A clock that moves only when told to; timers fire in the order they are due. */
export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs
  let nextId = 0
  const timers = new Map<number, { dueMs: number; everyMs?: number; run: () => void }>()
  const add = (timer: { dueMs: number; everyMs?: number; run: () => void }) => {
    const id = nextId++
    timers.set(id, timer)
    return () => void timers.delete(id)
  }
  return {
    now: () => nowMs,
    after: (ms, run) => add({ dueMs: nowMs + ms, run }),
    every: (ms, run) => add({ dueMs: nowMs + ms, everyMs: ms, run }),
    sleep(ms) {
      nowMs += ms
      for (const timer of timers.values()) timer.dueMs += ms
    },
    async advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        const due = [...timers].filter(([, t]) => t.dueMs <= endMs).sort((a, b) => a[1].dueMs - b[1].dueMs)[0]
        if (!due) break
        const [id, timer] = due
        nowMs = Math.max(nowMs, timer.dueMs)
        if (timer.everyMs === undefined) timers.delete(id)
        else timer.dueMs += timer.everyMs
        timer.run()
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      nowMs = endMs
      await new Promise<void>((resolve) => setImmediate(resolve))
    },
  }
}
