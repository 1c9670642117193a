import { describe, expect, it } from 'vitest'
import { isWithinHours, monthOf, nextOpening, normalHours, parseHours } from './share-hours.ts'

const at = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute).getTime()
const hours = (text: string) => {
  const parsed = parseHours(text)
  if (!parsed) throw new Error(text)
  return parsed
}

describe('hours of the day', () => {
  it.each([
    '',
    '8-23',
    '08:00',
    '08:00-08:00',
    '24:00-08:00',
    '08:60-09:00',
    '08:00-24:01',
    ' 08:00-23:00',
    '08:00–23:00',
  ])('are not %j', (text) => expect(parseHours(text)).toBeUndefined())

  it.each([
    ['8:00-23:00', '08:00-23:00'],
    ['22:30-6:05', '22:30-06:05'],
    ['0:00-24:00', '00:00-24:00'],
    ['08:00-23:00', '08:00-23:00'],
    ['8-23', undefined],
  ])('are kept in one way: %j as %j', (text, normal) => expect(normalHours(text)).toBe(normal))

  it('begin with their first minute and end before their last', () => {
    const day = hours('08:00-23:00')
    expect([at(5, 7, 59), at(5, 8), at(5, 22, 59), at(5, 23)].map((ms) => isWithinHours(day, ms))).toEqual([
      ...[false, true, true, false],
    ])
    expect(isWithinHours(hours('08:00-24:00'), at(5, 23, 59))).toBe(true)
  })

  it('go over midnight', () => {
    const night = hours('22:30-06:00')
    expect(
      [at(5, 22, 29), at(5, 22, 30), at(6, 0), at(6, 5, 59), at(6, 6)].map((ms) => isWithinHours(night, ms)),
    ).toEqual([...[false, true, true, true, false]])
  })

  it('open again later today, or tomorrow', () => {
    expect(nextOpening(hours('08:30-23:00'), at(5, 3))).toBe(at(5, 8, 30))
    expect(nextOpening(hours('08:30-23:00'), at(5, 23))).toBe(at(6, 8, 30))
    expect(nextOpening(hours('08:30-23:00'), at(31, 23))).toBe(new Date(2026, 3, 1, 8, 30).getTime())
  })
})

it('a month ends when the next begins', () => {
  expect(monthOf(at(31, 23, 59))).toEqual({ name: '2026-03', endsAtMs: new Date(2026, 3, 1).getTime() })
  expect(monthOf(new Date(2026, 11, 5).getTime())).toEqual({
    name: '2026-12',
    endsAtMs: new Date(2027, 0, 1).getTime(),
  })
})
