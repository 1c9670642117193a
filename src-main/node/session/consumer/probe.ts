import { isIP } from 'node:net'
import { MystError } from '#shared/errors/myst-error.ts'

import type { Context } from './context.ts'
import { withDeadline } from './context.ts'

type Fetch = (url: string, signal: AbortSignal) => Promise<string>

/**
 * Asks the probes one after the other which address they see; undefined when none of them answers with
 * one. Rejects only when the signal aborts.
 */
export async function seenAddress(
  { deps }: { deps: Pick<Context['deps'], 'probes' | 'clock' | 'log'> },
  fetchText: Fetch,
  signal: AbortSignal,
  ms: number,
): Promise<string | undefined> {
  for (const url of deps.probes) {
    const limited = withDeadline(deps.clock, signal, ms)
    try {
      const text = (await fetchText(url, limited.signal)).trim()
      // A server that listens for both families may show IPv4 in IPv6's clothes.
      const address = text.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, '')
      if (text.length <= 45 && isIP(address)) return address
    } catch (error) {
      if (signal.aborted) throw error
      deps.log.debug(`probe ${url} did not answer: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      limited.done()
    }
  }
  return undefined
}

/** Fetches outside of any tunnel; at most 4 KiB, no redirects. */
export async function fetchDirectly(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, redirect: 'error' })
  if (!response.ok || !response.body) throw new MystError('ProbeFailed', `The probe answered with ${response.status}.`)
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.length > 4096) throw new MystError('ProbeFailed', 'The probe answered with too much.')
  }
  return text
}
