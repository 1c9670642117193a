import type { Transaction } from 'ethers'

import type { JsonRpc } from './json-rpc.ts'
import { block, quantity } from './quantities.ts'

/** What a lying node could make us pay per unit of gas on top of the base fee: 100 gwei. */
const MAX_TIP = 100_000_000_000n
/** The fee of a transaction that is not mined is raised, but never above this many times what it offered first. */
const MOST_TIMES = 3n

/** Wei per unit of gas, as a transaction offers it; `gasPrice` on chains without a base fee. */
export type Fees = { type: 2; maxFeePerGas: bigint; maxPriorityFeePerGas: bigint } | { type: 0; gasPrice: bigint }

/** `now`: what is paid per unit at this moment. `most`: what a replacement may offer in the end. */
export type Price = { now: bigint; most: bigint; fees: Fees }

export async function readPrice(rpc: Pick<JsonRpc, 'call'>): Promise<Price> {
  const latest = await rpc.call(block, 'eth_getBlockByNumber', ['latest', false])
  if (latest.baseFeePerGas === undefined) {
    const gasPrice = await rpc.call(quantity, 'eth_gasPrice', [])
    return { now: gasPrice, most: gasPrice * MOST_TIMES, fees: { type: 0, gasPrice } }
  }
  const asked = await rpc.call(quantity, 'eth_maxPriorityFeePerGas', [])
  const tip = lesser(asked, MAX_TIP)
  // Twice the base fee outlasts six full blocks.
  const maxFeePerGas = latest.baseFeePerGas * 2n + tip
  const fees = { type: 2, maxFeePerGas, maxPriorityFeePerGas: tip } as const
  return { now: latest.baseFeePerGas + tip, most: maxFeePerGas * MOST_TIMES, fees }
}

/** The most that these fees can take per unit of gas. */
export function perGas(fees: Fees): bigint {
  return fees.type === 2 ? fees.maxFeePerGas : fees.gasPrice
}

/**
 * The fees of a replacement: today's, at least an eighth above the old ones (nodes take no less for one of
 * the same nonce), at most `most`. Undefined when an eighth more would be above that.
 */
export function raise(old: Transaction, today: Fees, most: bigint): Fees | undefined {
  if (old.type !== 2) {
    const least = eighthMore(old.gasPrice ?? 0n)
    return least > most ? undefined : { type: 0, gasPrice: lesser(most, greater(least, perGas(today))) }
  }
  const least = eighthMore(old.maxFeePerGas ?? 0n)
  if (least > most) return undefined
  const maxFeePerGas = lesser(most, greater(least, perGas(today)))
  const tip = greater(eighthMore(old.maxPriorityFeePerGas ?? 0n), today.type === 2 ? today.maxPriorityFeePerGas : 0n)
  return { type: 2, maxFeePerGas, maxPriorityFeePerGas: lesser(tip, maxFeePerGas) }
}

const eighthMore = (value: bigint): bigint => (value * 9n + 7n) / 8n
const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b)
