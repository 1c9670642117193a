import { describe, expect, it } from 'vitest'
import { CLEARED_TOGETHER } from '../ports/chain.ts'
import { firstToRunOut, GAS, gasToClear } from './gas-use.ts'

const of = (...peers: number[]) => peers.map((peer) => ({ peer: `0x${peer}` as const }))

describe('the gas of clearing', () => {
  it('is that of one transaction for a promise of each peer, and one more for each further promise', () => {
    expect(gasToClear([])).toBe(0n)
    expect(gasToClear(of(1))).toBe(GAS.clear)
    expect(gasToClear(of(1, 2))).toBe(GAS.clearMany + 2n * GAS.clearEach)
    expect(gasToClear(of(1, 2, 1))).toBe(GAS.clearMany + 2n * GAS.clearEach + GAS.clear)
    expect(gasToClear(of(...Array.from({ length: CLEARED_TOGETHER + 1 }, (_, index) => index)))).toBe(
      GAS.clearMany + BigInt(CLEARED_TOGETHER) * GAS.clearEach + GAS.clear,
    )
  })
})

describe('what runs out first', () => {
  it('is what is smaller beside its use', () => {
    expect(firstToRunOut({ gas: 100n, gasPaid: 10n, balance: 100n, spent: 20n })).toBe('balance')
    expect(firstToRunOut({ gas: 100n, gasPaid: 20n, balance: 100n, spent: 10n })).toBe('gas')
  })

  it('is what was used, when only one was; and nothing while neither was', () => {
    expect(firstToRunOut({ gas: 100n, gasPaid: 1n, balance: 0n, spent: 0n })).toBe('gas')
    expect(firstToRunOut({ gas: 1n, gasPaid: 0n, balance: 100n, spent: 1n })).toBe('balance')
    expect(firstToRunOut({ gas: 1n, gasPaid: 0n, balance: 1n, spent: 0n })).toBeUndefined()
  })
})
