import { isIP } from 'node:net'
import { z } from 'zod'
import { fingerprint } from './session-certificate.ts'

/** What the two halves say to each other through the dialogue (session data, whitepaper 6.6.3). */
export const consumerData = z.object({ version: z.literal(1), fingerprint })
export type ConsumerData = z.output<typeof consumerData>

/** The last part begins with a letter: "0x7f.1" and "2130706433" are addresses to some, each in its own way. */
const NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

export const providerData = z.object({
  version: z.literal(1),
  /** IPv4, IPv6 without a zone, or a name: nothing that could be an option, a path or a socket's name. */
  address: z
    .string()
    .max(253)
    .refine((text) => (isIP(text) !== 0 && !text.includes('%')) || NAME.test(text)),
  port: z.number().int().min(1).max(65_535),
  fingerprint,
})
export type ProviderData = z.output<typeof providerData>
