import type { Amount } from '#shared/model/units.ts'

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
export const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
export const sumOf = (promises: readonly { amount: Amount }[]): Amount =>
  promises.reduce((sum, { amount }) => sum + amount, 0n)
