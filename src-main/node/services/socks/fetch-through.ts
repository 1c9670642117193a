import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Target } from './frame.ts'

/** An answer is an address and perhaps a country; more than this is not an answer to our question. */
export const MAX_ANSWER_BYTES = 4096
const MAX_HEADER_BYTES = 8192
const TIMEOUT_MS = 15_000

/**
 * GET over a stream of the session, so that it can take no other way: nothing is resolved here, no
 * redirect is followed. Resolves with `maxBytes` at most; rejects with `ProbeFailed`.
 */
export async function fetchThrough(
  open: (target: Target, signal: AbortSignal) => Promise<Duplex>,
  url: string,
  signal: AbortSignal,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<string> {
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url)
  if (protocol !== 'http:' || username !== '' || password !== '') {
    throw new MystError('ProbeFailed', 'A probe is a plain http:// address without credentials.')
  }
  const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const host = hostname.replace(/^\[|\]$/g, '')
  let stream: Duplex | undefined
  try {
    const opened = await open({ host, port: Number(port || 80) }, either)
    stream = opened
    return await get(opened, { host: hostname, port: Number(port || 80), path: pathname + search, maxBytes }, either)
  } catch (cause) {
    throw new MystError('ProbeFailed', 'The check through the tunnel got no answer; try another provider.', { cause })
  } finally {
    stream?.destroy()
  }
}

function get(
  stream: Duplex,
  { maxBytes, ...where }: { host: string; port: number; path: string; maxBytes: number },
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...where,
      signal,
      createConnection: () => stream,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { connection: 'close', accept: 'text/plain, application/json' },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`))
      const chunks: Buffer[] = []
      let length = 0
      const finish = () => resolve(Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'))
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length >= maxBytes) finish()
      })
      response.on('end', finish)
      response.on('error', reject)
      response.on('aborted', () => reject(new Error('cut short')))
    })
    outgoing.end()
  })
}
