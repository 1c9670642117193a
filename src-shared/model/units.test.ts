import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatMyst, parseMyst } from './units.ts'

describe('MYST', () => {
  it('is written exactly and read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n }), (amount) => {
        expect(parseMyst(formatMyst(amount))).toBe(amount)
      }),
    )
    expect(formatMyst(1_500_000_000_000_000_000n)).toBe('1.5')
    expect(formatMyst(-1n)).toBe('-0.000000000000000001')
  })

  it('is never guessed at', () => {
    for (const text of [
      '',
      '-1',
      '1e3',
      '0x10',
      '1,5',
      '1.',
      '.5',
      '0.0000000000000000001',
      '1 2',
      'NaN',
      '9'.repeat(31),
    ]) {
      expect(() => parseMyst(text), text).toThrow(/not an amount/)
    }
  })
})
