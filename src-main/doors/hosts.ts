import { isIPv6 } from 'node:net'

const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)$/
const HOST_AND_PORT = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i

/**
 * A name or address as browsers write it in an address and in Host: lower case, ASCII, IPv6 short and in brackets.
 * Undefined when it is neither.
 */
export function hostOf(nameOrAddress: string): string | undefined {
  const address = `https://${isIPv6(nameOrAddress) ? `[${nameOrAddress}]` : nameOrAddress}`
  if (/[/?#@\\]/.test(nameOrAddress) || !URL.canParse(address)) return undefined
  const { hostname, port } = new URL(address)
  return port === '' && HOST.test(hostname) ? hostname : undefined
}

/** The host that a request names in its Host header, without the port. */
export function askedHost(header: string | undefined): string | undefined {
  return HOST_AND_PORT.exec(header ?? '')?.[1]?.toLowerCase()
}

/** Without the brackets of IPv6, as a certificate and a socket take it. */
export const bare = (host: string) => host.replace(/^\[|\]$/g, '')
