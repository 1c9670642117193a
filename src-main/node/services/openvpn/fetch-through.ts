import { getServers, Resolver } from 'node:dns/promises'
import { get } from 'node:http'
import { isIP, isIPv4 } from 'node:net'
import { MystError } from '#shared/errors/myst-error.ts'
import type { FetchSize } from '../../ports/service-type.ts'

const MAX_BYTES = 4 * 1024
const TIMEOUT_MS = 10_000
/** When the machine asks a server in its own network, which the tunnel does not reach. */
const PUBLIC_NAME_SERVERS = ['9.9.9.9', '1.1.1.1']

export type TunnelAddresses = { ipv4: string | undefined; ipv6: string | undefined }

/**
 * GET of an `http://` address from the tunnel's own address, the question for its name included. The
 * kernel routes packets with that address into the tunnel whatever their destination (the helper's
 * rule), and once the tunnel is down nothing can be sent from it: so this cannot leave elsewhere.
 * At most `maxBytes` come back; redirects are not followed. `padding` goes as a header of no meaning: a question
 * that takes several full packets shows whether these pass upwards. Rejects with `ProbeFailed`.
 */
export async function fetchThrough(
  url: string,
  from: TunnelAddresses,
  signal: AbortSignal,
  { maxBytes, padding }: FetchSize = { maxBytes: MAX_BYTES, padding: 0 },
): Promise<string> {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  if (protocol !== 'http:')
    throw new MystError('ProbeFailed', 'Only http:// addresses can be asked through the tunnel.')
  const host = hostname.replace(/^\[|\]$/g, '')
  const timed = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  try {
    const address = isIP(host) ? host : await resolveThrough(host, from, timed)
    const localAddress = isIPv4(address) ? from.ipv4 : from.ipv6
    if (localAddress === undefined) throw new Error('the tunnel has no address of this family')
    return await new Promise((resolve, reject) => {
      const options = {
        host: address,
        port: port || 80,
        path: pathname + search,
        localAddress,
        signal: timed,
        agent: false,
      }
      const headers = { host: new URL(url).host, ...(padding > 0 && { 'x-padding': '0'.repeat(padding) }) }
      const request = get({ ...options, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length <= maxBytes) return
          reject(new Error('the answer is too long'))
          request.destroy()
        })
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text)
          else reject(new Error(`status ${response.statusCode}`))
        })
      })
      request.on('error', reject)
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw new MystError('ProbeFailed', 'The internet did not answer through the tunnel.', { cause })
  }
}

/** What a name server answers when it works, though there is no such name or address. */
const ANSWERS = ['ENOTFOUND', 'ENODATA']

/**
 * Asks a name server for a name from the tunnel's own address; whatever it says of the name is an answer.
 * Rejects with `ProbeFailed`.
 */
export async function askNameServer(
  server: string,
  name: string,
  from: TunnelAddresses,
  signal: AbortSignal,
  port = 53,
): Promise<void> {
  const resolver = resolverFrom(from)
  resolver.setServers([`${isIPv4(server) ? server : `[${server}]`}:${port}`])
  const onAbort = () => resolver.cancel()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await resolver.resolve4(name)
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof Error && 'code' in cause && ANSWERS.includes(String(cause.code))) return
    throw new MystError('ProbeFailed', 'Names were not answered through the tunnel.', { cause })
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function resolverFrom(from: TunnelAddresses): Resolver {
  const resolver = new Resolver({ timeout: 1_500, tries: 2 })
  resolver.setLocalAddress(from.ipv4 ?? '0.0.0.0', from.ipv6 ?? '::0')
  return resolver
}

async function resolveThrough(host: string, from: TunnelAddresses, signal: AbortSignal): Promise<string> {
  const resolver = resolverFrom(from)
  const own = getServers().filter(
    (server) => isIPv4(server) && !/^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(server),
  )
  resolver.setServers(own.length > 0 ? own : PUBLIC_NAME_SERVERS)
  const onAbort = () => resolver.cancel()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const [address] = await resolver.resolve4(host)
    if (address === undefined) throw new Error('the name has no address')
    return address
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
