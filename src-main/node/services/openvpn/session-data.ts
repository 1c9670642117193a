import { z } from 'zod'

import { cleanCertificate, cleanStaticKey, decodePem, MAX_PEM_LENGTH } from './pem.ts'

/**
 * What the two halves say to each other through the dialogue (PROTOCOL, OpenVPN session data). Typed
 * fields, hostile both ways: what comes out of these schemas was parsed and encoded anew, so that no
 * text of the other side's gets any further.
 */
const pem = z.string().max(MAX_PEM_LENGTH)
const cleaned = (clean: (text: string) => string | undefined) =>
  pem.transform((text, context) => {
    const result = clean(text)
    if (result !== undefined) return result
    context.addIssue({ code: 'custom', message: 'not in its form' })
    return z.NEVER
  })
const certificate = cleaned(cleanCertificate)

/** The consumer's: a certificate request (PKCS #10); given out as its bytes. */
export const consumerData = z.object({
  version: z.literal(1),
  certificateRequest: pem.transform((text, context) => {
    const der = decodePem(text, 'CERTIFICATE REQUEST')
    if (der !== undefined && der.length <= 1_024) return der
    context.addIssue({ code: 'custom', message: 'not a certificate request' })
    return z.NEVER
  }),
})

/** The provider's. Addresses are addresses, never names: what a name means is not the other side's choice. */
export const providerData = z.object({
  version: z.literal(1),
  remotes: z
    .array(
      z.object({
        address: z.union([z.ipv4(), z.ipv6()]),
        port: z.number().int().min(1).max(65_535),
        protocol: z.enum(['udp', 'tcp']),
      }),
    )
    .min(1)
    .max(4),
  ca: certificate,
  certificate,
  tlsCrypt: cleaned(cleanStaticKey),
})
export type ProviderData = z.output<typeof providerData>
