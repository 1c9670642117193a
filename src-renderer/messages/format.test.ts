import { afterEach, describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'
import { alpha2OfNumber } from './alpha2.ts'
import { allCountries, countryName } from './countries.ts'
import {
  counted,
  formatAmount,
  formatBandwidth,
  formatBps,
  formatBytes,
  formatClock,
  formatCost,
  formatDateTime,
  formatDay,
  formatDuration,
  formatEther,
  formatPrice,
  formatRate,
  formatRateTick,
  formatShare,
  formatStepTime,
  shortId,
} from './format.ts'
import { speak } from './index.ts'

/** The formatters keep number and unit together with a no-break space; here it reads better plain. */
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ')

afterEach(() => speak('en', []))

describe('money', () => {
  it.each([
    [0n, '0 MYST'],
    [MYST, '1 MYST'],
    [1_250_000_000_000_000_000n, '1.25 MYST'],
    [999_999_999_999_999_999n, '0.999 MYST'],
    [1_999_999_999_999_999_999n, '1.9999 MYST'],
    [12_345_678n * MYST + MYST / 2n, '12,345,678.5 MYST'],
    [4_920_000_000_000n, '0.000004 MYST'],
    [1n, '< 0.000001 MYST'],
    [-MYST / 2n, '-0.5 MYST'],
  ])('%s is %s, never more than there is', (amount, text) => {
    expect(plain(formatAmount(amount))).toBe(text)
  })

  it.each([
    [0n, '0 MYST'],
    [MYST, '1 MYST'],
    [2_900_000_000_000n, '0.000003 MYST'],
    [3_690_000_000_000n, '0.000004 MYST'],
    [999_000_000_000n, '< 0.000001 MYST'],
    [9_761_000_000_000_000n, '0.00977 MYST'],
    [1_234_510_000_000_000_000n, '1.2346 MYST'],
    [1_000_001n * 10n ** 16n, '10,000.01 MYST'],
  ])('%s as a cost is %s, never less than was taken', (amount, text) => {
    expect(plain(formatCost(amount))).toBe(text)
  })

  it('is exact beyond what a float could hold', () => {
    expect(plain(formatAmount(9_007_199_254_740_993n * MYST))).toBe('9,007,199,254,740,993 MYST')
  })

  it('names gas, prices and fees with their units', () => {
    expect(plain(formatEther(87_000_000_000_000_000n))).toBe('0.087 ETH')
    expect(plain(formatPrice(MYST / 20n, 'GiB'))).toBe('0.05 MYST per GiB')
    expect(formatPrice(0n, 'hour')).toBe('Free')
    expect(formatBps(75)).toBe('0.75%')
  })
})

describe('traffic and time', () => {
  it.each([
    [0n, '0 B'],
    [999n, '999 B'],
    [1023n, '0.99 KiB'],
    [1024n, '1.00 KiB'],
    [1_572_864n, '1.50 MiB'],
    [99_999_999n, '95.3 MiB'],
    [2n ** 20n * 1007n, '0.98 GiB'],
    [2n ** 30n * 150n, '150 GiB'],
    [2n ** 70n, '1,048,576 PiB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(plain(formatBytes(bytes))).toBe(text)
  })

  it('shows rates in bits', () => {
    expect(plain(formatRate(0))).toBe('0 kbit/s')
    expect(plain(formatRate(960_000))).toBe('960 kbit/s')
    expect(plain(formatRate(18_700_000))).toBe('18.7 Mbit/s')
    expect(plain(formatRate(2.5e9))).toBe('2.5 Gbit/s')
  })

  it('marks an axis without needless digits', () => {
    expect([0, 500_000, 2e8, 1.5e6, 2e9].map(formatRateTick).map(plain)).toEqual([
      '0',
      '500 kbit/s',
      '200 Mbit/s',
      '1.5 Mbit/s',
      '2 Gbit/s',
    ])
  })

  it('runs clocks and says durations in one unit', () => {
    expect(formatClock(-5)).toBe('0:00')
    expect(formatClock(723_000)).toBe('12:03')
    expect(formatClock(3_753_000)).toBe('1:02:33')
    expect(formatDuration(1000)).toBe('1 second')
    expect(formatDuration(720_000)).toBe('12 minutes')
    expect(formatDuration(3 * 3_600_000)).toBe('3 hours')
    expect(formatDuration(3 * 86_400_000)).toBe('3 days')
    expect(plain(formatStepTime(412))).toBe('0.4 s')
  })

  it('never says 100 % before it is all', () => {
    expect(formatShare(999, 1000)).toBe('99%')
    expect(formatShare(0, 0)).toBe('0%')
    expect(formatShare(7, 7)).toBe('100%')
  })
})

describe('in German', () => {
  it('writes money, traffic and shares with a comma', () => {
    speak('de', ['de-DE'])
    expect(plain(formatAmount((1_250n * MYST) / 1000n))).toBe('1,25 MYST')
    expect(plain(formatAmount(12_345n * MYST + MYST / 2n))).toBe('12.345,5 MYST')
    expect(plain(formatAmount(1n))).toBe('< 0,000001 MYST')
    expect(plain(formatBytes(2n ** 20n * 1007n))).toBe('0,98 GiB')
    expect(plain(formatRate(18_700_000))).toBe('18,7 Mbit/s')
    expect(plain(formatBandwidth(0.5))).toBe('500 kbit/s')
    expect(plain(formatStepTime(412))).toBe('0,4 s')
    expect(plain(formatBps(75))).toBe('0,75 %')
    expect(plain(formatPrice(MYST / 20n, 'hour'))).toBe('0,05 MYST pro Stunde')
    expect(formatPrice(0n, 'hour')).toBe('Kostenlos')
  })

  it('says durations, days and countries in words of its own', () => {
    speak('de', ['de-DE'])
    const moment = new Date(2026, 2, 9, 15, 4).getTime()
    expect(formatDuration(1000)).toBe('1 Sekunde')
    expect(formatDuration(3 * 86_400_000)).toBe('3 Tage')
    expect(formatDay(moment)).toBe('9. März')
    expect(formatDateTime(moment)).toBe('09.03.2026, 15:04')
    expect(countryName('DE')).toBe('Deutschland')
    expect(countryName('<b>')).toBe('Unbekannter Ort')
    expect(allCountries().findIndex(({ name }) => name === 'Österreich')).toBeLessThan(
      allCountries().findIndex(({ name }) => name === 'Polen'),
    )
  })
})

describe('counts and regions', () => {
  it('tells one from many', () => {
    expect(counted(1)).toEqual({ text: '1', form: 'one' })
    expect(counted(0)).toEqual({ text: '0', form: 'other' })
  })

  it('writes dates and times as the person’s region does', () => {
    const moment = new Date(2026, 2, 9, 15, 4).getTime()
    const shown = (...tags: string[]) => {
      speak('en', tags)
      return plain(formatDateTime(moment))
    }
    expect(shown('en-US')).toBe('Mar 9, 2026, 3:04 PM')
    expect(shown('en-GB')).toBe('9 Mar 2026, 15:04')
    expect(shown('de-DE', 'en')).toBe('9 Mar 2026, 15:04')
  })
})

describe('names', () => {
  it('shortens identifiers and leaves short texts alone', () => {
    expect(shortId('0x8f3a1c20b4de95f07c6e8a2b1d4f60e7a9c3b581')).toBe('0x8f3a…b581')
    expect(shortId('0x12')).toBe('0x12')
  })

  it('knows countries by code and by the number that maps use', () => {
    expect(countryName('DE')).toBe('Germany')
    expect(countryName('<b>')).toBe('Unknown place')
    expect(alpha2OfNumber('276')).toBe('DE')
    expect(alpha2OfNumber('840')).toBe('US')
    expect(alpha2OfNumber('undefined')).toBeUndefined()
    expect(allCountries().length).toBeGreaterThan(240)
  })
})
