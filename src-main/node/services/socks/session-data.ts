import { z } from 'zod'
import { fingerprint } from './session-certificate.ts'

/** What the two halves say to each other through the dialogue (session data, whitepaper 6.6.3). */
export const consumerData = z.object({ version: z.literal(1), fingerprint })
export type ConsumerData = z.output<typeof consumerData>

export const providerData = z.object({
  version: z.literal(1),
  /** IPv4, IPv6 or a name: nothing that could be an option, a path or a socket's name. */
  address: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$|^::[0-9A-Fa-f:.]*$/),
  port: z.number().int().min(1).max(65_535),
  fingerprint,
})
export type ProviderData = z.output<typeof providerData>
