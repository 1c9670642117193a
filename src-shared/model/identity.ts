import { z } from 'zod'

/** `0x` + last 20 bytes of keccak256(public key), lower case everywhere inside (whitepaper 6.3). */
export type IdentityId = `0x${string}`

export const identityId = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'an identifier is 0x followed by 40 hexadecimal digits')
  .transform((text) => text.toLowerCase() as IdentityId)
