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
export const log = z.object({
  address,
  topics: z.array(hash).max(4),
  data,
  blockNumber: smallQuantity,
  blockHash: hash,
  logIndex: smallQuantity,
  transactionHash: hash,
  removed: z.boolean().optional(),
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
  logs: z.array(log),
})
export type Log = z.output<typeof log>
export type Receipt = z.output<typeof receipt>
