import { z } from 'zod'
import { firstProblem } from '../errors/first-problem.ts'
import { MystError } from '../errors/myst-error.ts'

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'a contract is 0x followed by 40 hex digits')

/** Requests are made without credentials, and addresses are shown: a password in one would be of no use, and seen. */
const location = (schemes: RegExp) =>
  z
    .string()
    .regex(schemes, `an address here begins with ${schemes.source.replace(/[\\^]/g, '').replace('s?', '(s)')}`)
    .max(400)
    .refine((text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined
      return url !== undefined && url.username === '' && url.password === ''
    }, 'this is no address, or has a user name or password in it')

/** What the deploy script writes and a node reads. */
export const networkFile = z.object({
  name: z.string().min(1).max(40),
  chainId: z.number().int().positive(),
  rpc: z
    .array(location(/^https?:\/\//))
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
    .array(location(/^mqtts?:\/\//))
    .min(1)
    .max(8),
  /** Plain `http://` addresses that answer with the caller's address; used to verify the exit. */
  probes: z
    .array(location(/^http:\/\//))
    .max(8)
    .default([]),
  /**
   * A plain `http://` address that answers with 32 to 64 KiB, and takes a header of 4,000 bytes: what does not come
   * through shows in large packets, each way.
   */
  transferProbe: location(/^http:\/\//).optional(),
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
  if (result.success) return result.data
  throw new MystError('InvalidNetworkFile', `${source} is no network file: ${firstProblem(result.error, 'it')}.`)
}
