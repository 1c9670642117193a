import { expect, it } from 'vitest'
import { available, unpromised } from './available.ts'

it('is what is neither promised nor about to be paid out, and never below nothing', () => {
  expect(available({ balance: 50n, payable: 3n })).toBe(47n)
  const withdrawal = { amount: 40n, to: '0x', executableAtMs: 0 }
  expect(available({ balance: 50n, payable: 3n, withdrawal })).toBe(7n)
  // The next withdrawal takes the place of this one.
  expect(unpromised({ balance: 50n, payable: 3n })).toBe(47n)
  expect(available({ balance: 50n, payable: 20n, withdrawal })).toBe(0n)
  expect(available({ balance: 2n, payable: 3n })).toBe(0n)
})
