/** The middle of a calendar day (`2026-03-29`) here: the same day whatever its clocks do. */
export function noonOf(day: string): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date, 12).getTime()
}
