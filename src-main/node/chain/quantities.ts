import { z } from 'zod'

import type { Hex } from '../ports/chain.ts'

/** The forms in which an Ethereum node answers; anything else is not an answer. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform(BigInt)
export const smallQuantity = quantity
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER), 'is too large')
  .transform(Number)
const lower = (text: string): Hex => text.toLowerCase() as Hex
export const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform(lower)
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform(lower)
export const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform(lower)
const log = z.object({
  address,
  topics: z.array(hash).max(4),
  data,
  blockNumber: smallQuantity,
  blockHash: hash,
  logIndex: smallQuantity,
  transactionHash: hash,
  removed: z.boolean().optional(),
})
/**
 * Logs in the order of the chain, each once: nodes repeat some, or add what a reorganisation removed. The
 * same set is the same text, whichever node it came from.
 */
export const logs = z.array(log).transform((given, context) => {
  const sorted = given
    .filter(({ removed }) => removed !== true)
    .map(({ removed: _not, ...rest }) => rest)
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
  return sorted.filter((one, index) => {
    const before = sorted[index - 1]
    if (one.blockNumber !== before?.blockNumber || one.logIndex !== before.logIndex) return true
    if (JSON.stringify(one) !== JSON.stringify(before)) context.addIssue('two logs in one place')
    return false
  })
})
export const block = z.object({
  number: smallQuantity,
  hash,
  timestamp: smallQuantity,
  baseFeePerGas: quantity.optional(),
})
export const receipt = z.object({
  transactionHash: hash,
  blockNumber: smallQuantity,
  status: smallQuantity,
  gasUsed: quantity,
  effectiveGasPrice: quantity.optional(),
  logs,
})
export type Log = z.output<typeof logs>[number]
export type Receipt = z.output<typeof receipt>
