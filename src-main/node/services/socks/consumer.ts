import { connect, type TLSSocket } from 'node:tls'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsumerOptions, ServiceConsumer } from '../../ports/service-type.ts'
import { fetchThrough } from './fetch-through.ts'
import { createMux, type Mux } from './mux.ts'
import { createWindowBudget } from './mux-stream.ts'
import { createSessionCertificate, peerFingerprint, type SessionCertificate } from './session-certificate.ts'
import { type ConsumerData, type ProviderData, providerData } from './session-data.ts'
import { startSocksListener } from './socks5.ts'

/** What waits in memory beyond 64 KiB per stream. */
const BUDGET_BYTES = 64 * 1024 * 1024
const CONNECT_MS = 15_000
/** A provider that ends a session says so through the dialogue, a little later than its connection ends. */
const LOST_AFTER_MS = 2_000

/**
 * The consumer's half of one session, drawn:
 *
 *   prepared ─start→ connecting ─certificate right, ping answered, listener up→ up ─┐
 *                       └─ cancelled / failed ──────────→ over ◀── lost / stop ─────┘
 */
export async function createSocksConsumer(
  deps: { log: Logger; clock: Clock; usualPort: number },
  options: ConsumerOptions,
): Promise<ServiceConsumer> {
  const { log, clock, usualPort } = deps
  const own = await createSessionCertificate(clock.now())
  const lostHandlers = new Set<(message: string) => void>()
  let started = false
  let stopped = false
  let mux: Mux | undefined
  let remoteAddress: string | undefined
  let closeListener: (() => Promise<void>) | undefined
  let cancelReport: () => void = () => undefined

  const stop = async () => {
    stopped = true
    cancelReport()
    mux?.destroy()
    await closeListener?.()
  }

  return {
    request: () => ({ version: 1, fingerprint: own.fingerprint }) satisfies ConsumerData,

    async start(data, signal) {
      if (started) throw new MystError('AlreadyStarted', 'This session was started before; make a new one.')
      started = true
      const parsed = providerData.safeParse(data)
      if (!parsed.success) {
        throw new MystError('InvalidSessionData', 'The provider sent session data that make no sense; try another one.')
      }
      remoteAddress = parsed.data.address
      const onAbort = () => mux?.destroy()
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        const socket = await connectPinned(parsed.data, own, signal)
        const connection = createMux({ transport: socket, clock, budget: createWindowBudget(BUDGET_BYTES) })
        mux = connection
        if (signal.aborted || stopped) throw new Error('cancelled')
        await withDeadline(connection.ready(), clock)
        const listenAt = (port: number) => startSocksListener({ clock, open: connection.open, port })
        const listener = await listenAt(options.socksPort ?? usualPort).catch((error: unknown) => {
          if (options.socksPort !== undefined) throw error
          return listenAt(0)
        })
        closeListener = listener.close
        if (signal.aborted || stopped) throw new Error('cancelled')
        void connection.closed.then((reason) => {
          void listener.close()
          if (stopped) return
          log.debug(`connection over: ${reason.message}`)
          cancelReport = clock.after(LOST_AFTER_MS, () => {
            for (const handle of lostHandlers) handle('The connection to the provider was lost.')
          })
        })
        return { socksPort: listener.port }
      } catch (cause) {
        await stop()
        if (signal.aborted) throw new MystError('Cancelled', 'The connection attempt was cancelled.', { cause })
        if (cause instanceof MystError && cause.name !== 'ConnectionLost') throw cause
        throw new MystError('ProviderUnreachable', "The provider's SOCKS service does not answer; try another one.", {
          cause,
        })
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },

    async fetchThrough(url, signal, size) {
      if (!mux) throw new MystError('NotStarted', 'The session is not started.')
      return await fetchThrough(mux.open, url, signal, size?.maxBytes)
    },
    remoteAddresses: () => (remoteAddress === undefined ? [] : [remoteAddress]),
    traffic: () => ({ bytesUp: mux?.sent ?? 0n, bytesDown: mux?.received ?? 0n }),
    onLost(handle) {
      lostHandlers.add(handle)
      return () => void lostHandlers.delete(handle)
    },
    stop,
  }
}

/** Resolves with a connection to exactly the certificate that the dialogue named, or not at all. */
function connectPinned(to: ProviderData, own: SessionCertificate, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = connect({
      host: to.address,
      port: to.port,
      cert: own.certificate,
      key: own.privateKey,
      minVersion: 'TLSv1.3',
      // No name on the wire, no authority: the certificate itself is compared below.
      servername: '',
      rejectUnauthorized: false,
      timeout: CONNECT_MS,
    })
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', fail)
    socket.once('timeout', () => fail(new Error('timed out')))
    socket.once('close', () => fail(new Error('closed')))
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      if (peerFingerprint(socket) !== to.fingerprint) {
        return fail(
          new MystError('WrongCertificate', 'Somebody else answered in the place of the provider; nothing was sent.'),
        )
      }
      socket.setTimeout(0)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

async function withDeadline(promise: Promise<void>, clock: Clock): Promise<void> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(CONNECT_MS, () => late.reject(new Error('no answer in time')))
  await Promise.race([promise, late.promise]).finally(cancel)
}
