import { Resolver } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import type { Clock } from '../../ports/clock.ts'
import type { DestinationPolicy, PermittedAddress } from '../destination-policy.ts'
import type { Target } from './frame.ts'

/** RFC 1928 reply codes. */
export const REPLY = {
  succeeded: 0,
  failure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  timedOut: 6,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const

export type DestinationDeps = {
  clock: Clock
  policy: DestinationPolicy
  /** Addresses of a name; rejects or resolves empty when there are none. */
  resolve(name: string, signal: AbortSignal): Promise<string[]>
  /** A connecting socket with `allowHalfOpen`. `address` is never a name. */
  connect(address: string, port: number): Socket
}

export type DestinationResult = { socket: Socket } | { code: number }

/** All addresses of a name together, resolving included. */
const TOTAL_MS = 15_000
/** Happy Eyeballs (RFC 8305, 5): the next address is tried beside the first after this. */
const NEXT_AFTER_MS = 250
/** A name with hundreds of addresses must not become hundreds of connections. */
const MAX_ADDRESSES = 6

/** Resolves, checks and connects, in this order and each exactly once. Never rejects. */
export async function reachDestination(
  target: Target,
  signal: AbortSignal,
  deps: DestinationDeps,
): Promise<DestinationResult> {
  const timer = new AbortController()
  const stopTimer = deps.clock.after(TOTAL_MS, () => timer.abort())
  const either = AbortSignal.any([signal, timer.signal])
  try {
    const addresses = isIP(target.host) ? [target.host] : await untilAborted(deps.resolve(target.host, either), either)
    if (addresses.length === 0) return { code: REPLY.hostUnreachable }
    const permitted = addresses.flatMap((address) => deps.policy.permit(address, target.port) ?? [])
    if (permitted.length === 0) return { code: REPLY.notAllowed }
    return await race(alternate(permitted).slice(0, MAX_ADDRESSES), target.port, either, deps)
  } catch {
    return { code: timer.signal.aborted ? REPLY.timedOut : REPLY.hostUnreachable }
  } finally {
    stopTimer()
  }
}

function race(
  addresses: readonly PermittedAddress[],
  port: number,
  signal: AbortSignal,
  { clock, connect }: DestinationDeps,
): Promise<DestinationResult> {
  return new Promise((resolve) => {
    const waiting = [...addresses]
    const attempts = new Set<Socket>()
    let stopNext: () => void = () => undefined
    let code: number = REPLY.hostUnreachable

    const settle = (result: DestinationResult) => {
      stopNext()
      signal.removeEventListener('abort', onAbort)
      for (const socket of attempts) if (!('socket' in result) || socket !== result.socket) socket.destroy()
      resolve(result)
    }
    const onAbort = () => settle({ code: REPLY.timedOut })
    const next = () => {
      stopNext()
      const address = waiting.shift()
      if (!address) {
        if (attempts.size === 0) settle({ code })
        return
      }
      const socket = connect(address.address, port)
      attempts.add(socket)
      socket.once('connect', () => settle({ socket }))
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!attempts.delete(socket)) return
        code = codeOf(error.code)
        next()
      })
      if (waiting.length > 0) stopNext = clock.after(NEXT_AFTER_MS, next)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    else next()
  })
}

/** IPv6, IPv4, IPv6, …: one broken family costs one attempt's head start and no more. */
function alternate(addresses: readonly PermittedAddress[]): PermittedAddress[] {
  const six = addresses.filter(({ family }) => family === 6)
  const four = addresses.filter(({ family }) => family === 4)
  return Array.from({ length: Math.max(six.length, four.length) }, (_, index) => [six[index], four[index]])
    .flat()
    .filter((address) => address !== undefined)
}

function codeOf(error: string | undefined): number {
  if (error === 'ECONNREFUSED') return REPLY.refused
  if (error === 'ENETUNREACH' || error === 'EADDRNOTAVAIL') return REPLY.networkUnreachable
  if (error === 'ETIMEDOUT') return REPLY.timedOut
  return REPLY.hostUnreachable
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Error('given up'))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/**
 * Asks the system's name servers directly, not the system: `getaddrinfo` would read the hosts file
 * and the local network's own names, and a stranger's slow names would fill Node's few file threads.
 */
export async function resolveName(name: string, signal: AbortSignal): Promise<string[]> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 })
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const answers = await Promise.allSettled([resolver.resolve6(name), resolver.resolve4(name)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
