import { z } from 'zod'
import { type IdentityId, identityId } from '#shared/model/identity.ts'

/** `myst://offer/PROVIDER/SERIAL`: what anybody may put on a web page or into a message. */
export const LINK_SCHEME = 'myst'

export type OfferLink = { provider: IdentityId; serial: number }

const FORM = /^myst:\/\/offer\/(0x[0-9a-f]{40})\/(0|[1-9]\d{0,14})$/
const link = z
  .string()
  .max(100)
  .transform((text) => FORM.exec(text) ?? [])
  .transform(([, provider, serial]) => ({ provider, serial: Number(serial) }))
  .pipe(z.object({ provider: identityId, serial: z.number().int().min(0) }))

/** The offer that a link names, or undefined for whatever is not exactly such a link. */
export function parseLink(text: unknown): OfferLink | undefined {
  return link.safeParse(text).data
}

/** The link that the system started this program with, or a second one; nothing else of that one's words is read. */
export function linkIn(argv: readonly string[]): OfferLink | undefined {
  return parseLink(argv.find((word) => word.toLowerCase().startsWith(`${LINK_SCHEME}:`)))
}

/** Where the page shows an offer and asks; behind the page's address. */
export function hashOf({ provider, serial }: OfferLink): string {
  return `#/connect/${provider}/${serial}`
}
