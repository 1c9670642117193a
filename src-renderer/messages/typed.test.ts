import { afterEach, describe, expect, it } from 'vitest'
import { formatMyst, MYST } from '#shared/model/units.ts'
import { exactAmount } from './format.ts'
import { m, speak } from './index.ts'
import { numberProblem, readAmount, readNumber, readWhole, typeNumber } from './typed.ts'

afterEach(() => speak('en', []))

describe.each(['en', 'de'] as const)('numbers typed in %s', (language) => {
  it.each([
    ['0.5', '0.5'],
    ['0,5', '0.5'],
    [' 12 ', '12'],
    ['1000', '1000'],
    ['1,25', '1.25'],
    ['1.2500', '1.2500'],
    ['1234,567', '1234.567'],
    ['0,125', '0.125'],
    ['0.000', '0.000'],
  ])('takes %j for %s', (typed, number) => {
    speak(language, [])
    expect(readNumber(typed)).toBe(number)
  })

  it.each(['1.000', '1,000', '12,345', '999.999'])('asks about %j, which may be a thousand times more', (typed) => {
    speak(language, [])
    expect(readNumber(typed)).toBeUndefined()
    expect(readAmount(typed)).toBeUndefined()
    const asked = numberProblem(typed, 'other')
    // Both ways out that it names are taken.
    const ways = [...asked.matchAll(/\d[\d.,]*\d/g)].map(([way]) => readNumber(way))
    const digits = typed.replace(/[.,]/, '')
    expect(ways).toEqual([digits, `${digits.slice(0, -3)}.${digits.slice(-3)}0`])
  })

  it.each(['', '.', '1.', ',5', '-1', '+1', '1e3', '1.2.3', '1,234.5', '1.234.567', '1 000', '0x10', '١'])(
    'refuses %j',
    (typed) => {
      speak(language, [])
      expect(readNumber(typed)).toBeUndefined()
      expect(numberProblem(typed, m.wallet.amountBad)).toBe(m.wallet.amountBad)
    },
  )

  it.each([
    ['5', 5],
    [' 2000 ', 2_000],
    ['2,000', 2_000],
    ['2.000', 2_000],
    ['65,535', 65_535],
    ['1.234.567', 1_234_567],
    ['2.5', undefined],
    ['2,00', undefined],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
  ])('takes %j for the whole number %s', (typed, number) => {
    speak(language, [])
    expect(readWhole(typed)).toBe(number)
  })

  it('takes back every amount that it shows in a field, to the last digit', () => {
    speak(language, [])
    const amounts = [0n, 1n, MYST, 1_250n * (MYST / 1000n), 18_437n * (MYST / 1000n), 10n ** 30n + 7n, MYST / 2n - 1n]
    for (const amount of amounts) {
      expect(readAmount(typeNumber(formatMyst(amount)))).toBe(amount)
    }
  })
})

it('writes a number for a field as the language does', () => {
  speak('de', ['de-DE'])
  expect(typeNumber('0.05')).toBe('0,05')
  expect(typeNumber('18.437')).toBe('18,4370')
  expect(exactAmount(1_234_567n * (MYST / 1000n))).toBe('1234,567\u00a0MYST')
  speak('de', ['de-CH'])
  expect(typeNumber('0.05')).toBe('0.05')
})
