import { z } from 'zod'
import { MystError } from '../errors/myst-error.ts'

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/)

/** What the deploy script writes and a node reads. */
export const networkFile = z.object({
  name: z.string().min(1).max(40),
  chainId: z.number().int().positive(),
  rpc: z
    .array(
      z
        .string()
        .regex(/^https?:\/\//)
        .max(400),
    )
    .min(1)
    .max(8),
  contracts: z.object({
    token: address,
    identityRegistry: address,
    serviceDirectory: address,
    paymentAccounts: address,
  }),
  startBlock: z.number().int().min(0),
  brokers: z
    .array(
      z
        .string()
        .regex(/^mqtts?:\/\//)
        .max(400),
    )
    .min(1)
    .max(8),
  /** Plain `http://` addresses that answer with the caller's address; used to verify the exit. */
  probes: z
    .array(
      z
        .string()
        .regex(/^http:\/\//)
        .max(400),
    )
    .max(8)
    .default([]),
  /**
   * A plain `http://` address that answers with 32 to 64 KiB, and takes a header of 4,000 bytes: what does not come
   * through shows in large packets, each way.
   */
  transferProbe: z
    .string()
    .regex(/^http:\/\//)
    .max(400)
    .optional(),
  /** The name server that is asked through a tunnel, an IP address. */
  resolver: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** A test network on one machine: there is a faucet. */
  local: z.boolean().default(false),
})

export type NetworkFile = z.output<typeof networkFile>

export function parseNetworkFile(text: string, source: string): NetworkFile {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (cause) {
    throw new MystError('InvalidNetworkFile', `${source} is not JSON.`, { cause })
  }
  const result = networkFile.safeParse(data)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new MystError(
      'InvalidNetworkFile',
      `${source}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}.`,
    )
  }
  return result.data
}
