import type { PromiseView } from '#shared/contract/answers.ts'
import { CLEARED_TOGETHER } from '../ports/chain.ts'

/**
 * Units of gas that each of our transactions takes, the dearer case of each (an account or a pair that the
 * contract sees for the first time). Measured on the contracts; `wallet.lab.test.ts` holds them against them.
 */
export const GAS = {
  approve: 47_000n,
  register: 92_000n,
  deposit: 115_000n,
  announceWithdrawal: 77_000n,
  executeWithdrawal: 69_000n,
  /** Of one service, with one contact; it grows with what the offer says. */
  announce: 50_000n,
  clear: 118_000n,
  /** The first of an issuer, where benefiter and network have their accounts (`issuer-risk.lab.test.ts`). */
  clearNext: 80_000n,
  /** In a batch: the transaction itself, and each promise in it. */
  clearMany: 50_000n,
  clearEach: 39_000n,
} as const

/** What is signed allows a fifth more than was estimated. */
export const withReserve = (units: bigint): bigint => (units * 12n) / 10n

/** Gas for clearing these promises: of each peer one in a transaction, one after the other. */
export function gasToClear(promises: readonly Pick<PromiseView, 'peer'>[]): bigint {
  const waiting = new Map<string, number>()
  for (const { peer } of promises) waiting.set(peer, (waiting.get(peer) ?? 0) + 1)
  let gas = 0n
  for (let counts = [...waiting.values()]; counts.length > 0; counts = counts.map((n) => n - 1).filter((n) => n > 0)) {
    for (let left = counts.length; left > 0; left -= CLEARED_TOGETHER) {
      const together = BigInt(Math.min(left, CLEARED_TOGETHER))
      gas += together === 1n ? GAS.clear : GAS.clearMany + together * GAS.clearEach
    }
  }
  return gas
}

/**
 * What will be used up first when both are used on as they were. Undefined while neither was used. Compared
 * without dividing: `gas / gasPaid` against `balance / spent`.
 */
export function firstToRunOut(had: {
  gas: bigint
  gasPaid: bigint
  balance: bigint
  spent: bigint
}): 'gas' | 'balance' | undefined {
  const { gas, gasPaid, balance, spent } = had
  if (gasPaid === 0n && spent === 0n) return undefined
  return gas * spent < balance * gasPaid ? 'gas' : spent === 0n ? 'gas' : 'balance'
}
