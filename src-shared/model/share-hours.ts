/** The hours of the day at which a provider serves, in minutes since local midnight; `to` is not part of them. */
export type ShareHours = { from: number; to: number }

export const HOURS_HINT = 'hours are two times of the day such as 08:00-23:00'

/** `08:00-23:00` or `8:00-23:00`; `22:00-06:00` goes over midnight, `24:00` is the day's end. Undefined: makes no sense. */
export function parseHours(text: string): ShareHours | undefined {
  const match = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text)
  if (!match) return undefined
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number)
  if (fromMinute > 59 || toMinute > 59) return undefined
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  return from < 1440 && to <= 1440 && from !== to ? { from, to } : undefined
}

/** The same hours in the one way they are kept and shown, `08:00-23:00`; undefined: makes no sense. */
export function normalHours(text: string): string | undefined {
  return parseHours(text) && text.replace(/\b\d:/g, '0$&')
}

/** Whether a moment is within them, by this machine's own time zone. */
export function isWithinHours({ from, to }: ShareHours, atMs: number): boolean {
  const at = new Date(atMs)
  const minute = at.getHours() * 60 + at.getMinutes()
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

/** When they begin the next time after `atMs`, in milliseconds. */
export function nextOpening({ from }: ShareHours, atMs: number): number {
  const at = new Date(atMs)
  // By the calendar, not by adding 24 hours: a day may have 23 or 25 of them.
  const begin = (day: number) => new Date(at.getFullYear(), at.getMonth(), day, Math.floor(from / 60), from % 60)
  const today = begin(at.getDate()).getTime()
  return today > atMs ? today : begin(at.getDate() + 1).getTime()
}

/** The calendar month of a moment (`2026-03`) and when the next one begins, by this machine's own time zone. */
export function monthOf(atMs: number): { name: string; endsAtMs: number } {
  const at = new Date(atMs)
  const name = `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`
  return { name, endsAtMs: new Date(at.getFullYear(), at.getMonth() + 1, 1).getTime() }
}
