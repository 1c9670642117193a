import type { DayOfEarnings } from '#shared/contract/answers.ts'

import type { LedgerRepository } from '../storage/ledger-repository.ts'

const DAY_MS = 86_400_000

/** The last `days` calendar days of a time zone up to now, oldest first, those without any earnings too. */
export function dailyEarnings(
  ledger: Pick<LedgerRepository, 'earnedSince' | 'clearedSince'>,
  { days, timeZone }: { days: number; timeZone: string },
  nowMs: number,
): DayOfEarnings[] {
  // Of all languages this one writes a date as ISO 8601 does.
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  const today = Date.parse(format.format(nowMs))
  const found = new Map<string, DayOfEarnings>()
  for (let back = days - 1; back >= 0; back--) {
    const day = new Date(today - back * DAY_MS).toISOString().slice(0, 10)
    found.set(day, { day, earned: 0n, cleared: 0n })
  }
  // A day may have 25 hours: what is from before the first of them falls on none.
  const sinceMs = nowMs - (days + 1) * DAY_MS
  for (const { atMs, amount } of ledger.earnedSince(sinceMs)) {
    const on = found.get(format.format(atMs))
    if (on) on.earned += amount
  }
  for (const { atMs, amount } of ledger.clearedSince(sinceMs)) {
    const on = found.get(format.format(atMs))
    if (on) on.cleared += amount
  }
  return [...found.values()]
}
