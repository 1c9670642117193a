import { constants } from 'node:crypto'
import { createServer, type TLSSocket } from 'node:tls'
import { MystError } from '#shared/errors/myst-error.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ProviderOptions, ServiceProvider, Traffic } from '../../ports/service-type.ts'
import { DEFAULT_CONNECTIONS } from '../connection-limits.ts'
import type { DestinationPolicy } from '../destination-policy.ts'
import { bridge } from './bridge.ts'
import { type DestinationDeps, REPLY, reachDestination } from './destination.ts'
import { listen } from './listen.ts'
import { createMux, type IncomingStream, type Mux } from './mux.ts'
import { createWindowBudget } from './mux-stream.ts'
import { createSessionCertificate, peerFingerprint } from './session-certificate.ts'
import { consumerData, type ProviderData } from './session-data.ts'
import { createTokenBucket, inSeries, inTurn, type Throttle, type TokenBucket } from './token-bucket.ts'

export type SocksProviderDeps = {
  log: Logger
  clock: Clock
  policy: DestinationPolicy
  resolve: DestinationDeps['resolve']
  connect: DestinationDeps['connect']
  /** Where to listen; default: every address of this machine, any free port. */
  listen?: { host?: string; port?: number }
}

type Session = {
  fingerprint: string
  mux?: Mux
  up?: Throttle
  down?: Throttle
  /** New connections per second. */
  opens: TokenBucket
  cancelTimer: () => void
}

/** What waits in memory beyond 64 KiB per stream, for all sessions together. */
const BUDGET_BYTES = 64 * 1024 * 1024
const HANDSHAKE_MS = 10_000
/** An admitted consumer that has not connected by then has failed to. */
const CONNECT_WITHIN_MS = 60_000
/** A consumer that leaves says so through the dialogue, a little later than its connection ends. */
const LOST_AFTER_MS = 2_000

export async function startSocksProvider(deps: SocksProviderDeps, options: ProviderOptions): Promise<ServiceProvider> {
  const { log, clock } = deps
  const own = await createSessionCertificate(clock.now())
  const sessions = new Map<string, Session>()
  const lostHandlers = new Set<(sessionId: string | undefined, message: string) => void>()
  const budget = createWindowBudget(BUDGET_BYTES)
  const limit = (mbps: number | undefined) => {
    if (mbps === undefined) return undefined
    const perSecond = mbps * 125_000
    // A fifth of a second: on a busy machine timers come late, and what nobody took by then would be lost.
    return createTokenBucket({ clock, perSecond, burst: Math.max(32_768, perSecond / 5) })
  }
  const total = { up: limit(options.totalBandwidthMbps), down: limit(options.totalBandwidthMbps) }
  const { maxConnections, newConnectionsPerSecond } = {
    maxConnections: options.maxConnections ?? DEFAULT_CONNECTIONS.maxConnections,
    newConnectionsPerSecond: options.newConnectionsPerSecond ?? DEFAULT_CONNECTIONS.newConnectionsPerSecond,
  }
  // A home router hands its own outside address back to the home network.
  const policy: DestinationPolicy = {
    permit: (address, port) =>
      deps.policy.permit(address, port, {
        publicAddress: options.publicAddress,
        allowMail: options.allowMail === true,
      }),
  }
  let stopped = false

  const server = createServer({
    cert: own.certificate,
    key: own.privateKey,
    minVersion: 'TLSv1.3',
    requestCert: true,
    // No authority signs these certificates: `onConnection` compares the certificate itself.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
    // Every connection proves its key anew.
    secureOptions: constants.SSL_OP_NO_TICKET,
  })
  // Room for strangers in mid-handshake, so that they do not take the sessions' places.
  server.maxConnections = options.maxSessions + 64

  const lose = (sessionId: string | undefined, message: string) => {
    for (const handle of lostHandlers) handle(sessionId, message)
  }

  const onConnection = (socket: TLSSocket) => {
    socket.on('error', () => undefined)
    const presented = peerFingerprint(socket)
    const [sessionId, session] = [...sessions].find(([, { fingerprint }]) => fingerprint === presented) ?? []
    if (!session || sessionId === undefined || session.mux) {
      log.debug('closed a connection that belongs to no session')
      socket.destroy()
      return
    }
    session.cancelTimer()
    socket.setNoDelay(true)
    const mux = createMux({
      ...{ transport: socket, clock, budget },
      onOpen: (incoming) => void serve(session, incoming),
      maxStreams: maxConnections,
    })
    session.mux = mux
    void mux.closed.then((reason) => {
      if (session.mux !== mux || sessions.get(sessionId) !== session) return
      log.debug(`session ${sessionId}: ${reason.message}`)
      session.cancelTimer = clock.after(LOST_AFTER_MS, () => lose(sessionId, "The consumer's connection was lost."))
    })
  }

  const serve = async (session: Session, incoming: IncomingStream) => {
    if (!session.opens.tryTake(1)) return incoming.refuse(REPLY.failure)
    const result = await reachDestination(incoming.target, incoming.signal, { ...deps, policy })
    if ('code' in result) return incoming.refuse(result.code)
    const stream = incoming.accept()
    if (!stream) return void result.socket.destroy()
    result.socket.setNoDelay(true)
    await bridge(stream, result.socket, {
      clock,
      ...(session.up && { forth: session.up }),
      ...(session.down && { back: session.down }),
    })
  }

  const traffic = (session: Session | undefined): Traffic => ({
    bytesUp: session?.mux?.received ?? 0n,
    bytesDown: session?.mux?.sent ?? 0n,
  })

  server.on('secureConnection', onConnection)
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  const { port, close } = await listen(server, deps.listen ?? {}, 'SOCKS service')
  server.on('error', (error) => log.warn(`listener: ${error.message}`))
  server.on('close', () => {
    if (!stopped) lose(undefined, 'The listener of the SOCKS service was closed.')
  })

  return {
    port: { number: port, protocol: 'tcp' },
    async admit(sessionId, _consumer, data) {
      const parsed = consumerData.safeParse(data)
      if (!parsed.success || sessions.has(sessionId)) throw refusal('service-data-invalid')
      const { fingerprint } = parsed.data
      if ([...sessions.values()].some((other) => other.fingerprint === fingerprint))
        throw refusal('service-data-invalid')
      if (sessions.size >= options.maxSessions) throw refusal('sessions-full')
      const up = inSeries(limit(options.bandwidthMbps), inTurn(total.up))
      const down = inSeries(limit(options.bandwidthMbps), inTurn(total.down))
      sessions.set(sessionId, {
        fingerprint,
        ...(up && { up }),
        ...(down && { down }),
        opens: createTokenBucket({ clock, perSecond: newConnectionsPerSecond, burst: newConnectionsPerSecond * 2 }),
        cancelTimer: clock.after(CONNECT_WITHIN_MS, () => lose(sessionId, 'The consumer did not connect.')),
      })
      return { version: 1, address: options.publicAddress, port, fingerprint: own.fingerprint } satisfies ProviderData
    },
    traffic: (sessionId) => traffic(sessions.get(sessionId)),
    async end(sessionId) {
      const session = sessions.get(sessionId)
      sessions.delete(sessionId)
      session?.cancelTimer()
      session?.mux?.destroy()
      return traffic(session)
    },
    onLost(handle) {
      lostHandlers.add(handle)
      return () => void lostHandlers.delete(handle)
    },
    async stop() {
      stopped = true
      for (const session of sessions.values()) {
        session.cancelTimer()
        session.mux?.destroy()
      }
      sessions.clear()
      await close()
    },
  }
}

/** An expected refusal: `reason` is what crosses to the consumer. */
function refusal(reason: RefusalReason): MystError & { reason: RefusalReason } {
  return Object.assign(new MystError('Refused', REFUSALS[reason]), { reason })
}
