import { MystError } from '#shared/errors/myst-error.ts'
import type { ServiceTypeName } from '#shared/model/proposal.ts'
import type { NetworkGuard, ServiceConsumer, ServiceProvider, ServiceType, Traffic } from '../ports/service-type.ts'

/** `counted`: by the provider, where it is not what passed. */
type Session = { up: bigint; down: bigint; counted: Traffic; lost: Set<(message: string) => void>; isUp: boolean }

export type MemoryService = ServiceType & {
  /** Sends bytes through every open tunnel, counted alike on both sides. */
  pass(bytes: { up?: bigint; down?: bigint }): void
  /** The provider's counters show so much per hundred of what really passed. */
  inflate(percent: bigint): void
  /** Every second packet that the provider counted gets no further. */
  dropsHalf: boolean
  /** What became of the guard, in order, where the service has one: as the helper does it by itself. */
  network: ('blocked' | 'tunnel' | 'open')[]
  /** The guard stands while nobody is connected, too. */
  lockdown: boolean
  /** When set, opening the guard fails. */
  stuck: boolean
  /** Small answers come through the tunnel, large ones do not: at all, or as long as packets are large. */
  blackHole: boolean | 'large packets'
  /** Name servers answer through the tunnel. */
  answersNames: boolean
  /** What a probe sees through the tunnel; undefined: nothing comes back. */
  exitAddress: string | undefined
  /** Where the provider says that its tunnel ends. */
  remoteAddress: string
  /** When set, consumers fail to establish the tunnel. */
  broken: boolean
  /** When set, a person says no when a consumer is prepared. */
  refused: boolean
  /** When set, `start` waits until it is aborted. */
  hanging: boolean
  /** When set, the provider has the last figures of a session only then. */
  lastFigures: Promise<void> | undefined
  /** Both sides lose every session. */
  lose(): void
  openTunnels(): number
  /** Consumers that were made and not stopped. */
  consumers(): number
  /** Bytes that passed in all, both ways. */
  passed(): bigint
}

/** A service type whose tunnel is a pair of counters in memory: both halves share this object. */
export function createMemoryService(
  name: ServiceTypeName = 'socks',
  options: { guarded?: boolean; leftBlockedAtMs?: number } = {},
): MemoryService {
  const sessions = new Map<string, Session>()
  const lostHere = new Set<(sessionId: string | undefined, message: string) => void>()
  let percent = 100n
  const figures = (session: Session | undefined, per = 100n): Traffic => ({
    bytesUp: ((session?.up ?? 0n) * per) / 100n,
    bytesDown: ((session?.down ?? 0n) * per) / 100n,
  })
  const counted = (session: Session | undefined): Traffic => ({
    bytesUp: ((session?.counted.bytesUp ?? 0n) * percent) / 100n,
    bytesDown: ((session?.counted.bytesDown ?? 0n) * percent) / 100n,
  })
  const network: MemoryService['network'] = []
  const became = (state: 'blocked' | 'tunnel' | 'open') => {
    if (options.guarded && network.at(-1) !== state) network.push(state)
  }
  let stands: NetworkGuard['stands'] =
    options.leftBlockedAtMs === undefined ? undefined : { sinceMs: options.leftBlockedAtMs, isInherited: true }
  const guard: NetworkGuard = {
    get stands() {
      return stands
    },
    get isLockdown() {
      return service.lockdown
    },
    async look() {
      if (network.at(-1) === 'open') stands = undefined
    },
    async open() {
      if (service.lockdown) return
      if (service.stuck) throw new MystError('HelperGone', 'The helper program is not running.')
      stands = undefined
      became('open')
    },
  }

  let total = 0n
  let consumers = 0

  const service: MemoryService = {
    name,
    ...(options.guarded ? { guard } : {}),
    network,
    lockdown: false,
    stuck: false,
    lastFigures: undefined,
    dropsHalf: false,
    blackHole: false,
    answersNames: true,
    exitAddress: '198.51.100.7',
    remoteAddress: '198.51.100.7',
    broken: false,
    refused: false,
    hanging: false,
    pass({ up = 0n, down = 0n }) {
      for (const session of sessions.values()) {
        if (!session.isUp) continue
        const arrives = service.dropsHalf ? down / 2n : down
        session.up += up
        session.down += arrives
        session.counted.bytesUp += up
        session.counted.bytesDown += down
        total += up + arrives
      }
    },
    inflate(next) {
      percent = next
    },
    lose() {
      for (const [id, session] of sessions) {
        became('blocked')
        for (const handle of session.lost) handle('The tunnel was lost.')
        for (const handle of lostHere) handle(id, 'The tunnel was lost.')
      }
    },
    passed: () => total,
    consumers: () => consumers,
    openTunnels: () => [...sessions.values()].filter(({ isUp }) => isUp).length,

    async startProvider(): Promise<ServiceProvider> {
      return {
        port: { number: 1, protocol: 'udp' },
        async admit(sessionId, _consumer, data) {
          if (data !== 'hello') {
            throw Object.assign(new MystError('Refused', 'The session data make no sense.'), {
              reason: 'service-data-invalid' as const,
            })
          }
          sessions.set(sessionId, {
            ...{ up: 0n, down: 0n, lost: new Set(), isUp: false },
            counted: { bytesUp: 0n, bytesDown: 0n },
          })
          return { sessionId }
        },
        traffic: (sessionId) => counted(sessions.get(sessionId)),
        async end(sessionId) {
          await service.lastFigures
          const session = sessions.get(sessionId)
          sessions.delete(sessionId)
          if (session) session.isUp = false
          return counted(session)
        },
        onLost(handle) {
          lostHere.add(handle)
          return () => void lostHere.delete(handle)
        },
        async stop() {
          sessions.clear()
        },
      }
    },

    async createConsumer(): Promise<ServiceConsumer> {
      if (service.refused) throw new MystError('ElevationRefused', 'The password was not given.')
      let session: Session | undefined
      let isStopped = false
      let isSmall = false
      consumers++
      const lost = new Set<(message: string) => void>()
      return {
        request: () => 'hello',
        async start(data, signal) {
          if (options.guarded) {
            stands = { sinceMs: stands?.sinceMs ?? 1, isInherited: false }
            became('blocked')
          }
          if (service.hanging) {
            await new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
            )
          }
          if (service.broken) throw new MystError('TunnelFailed', 'The tunnel could not be established.')
          const { sessionId } = data as { sessionId: string }
          session = sessions.get(sessionId)
          if (!session) throw new MystError('TunnelFailed', 'The provider does not know the session.')
          session.lost = lost
          session.isUp = true
          became('tunnel')
          return options.guarded ? {} : { socksPort: 1080 }
        },
        async fetchThrough(url, signal) {
          const isLarge = url.includes('large')
          const isSwallowed = isLarge && (service.blackHole === true || (service.blackHole !== false && !isSmall))
          if (!session?.isUp || service.exitAddress === undefined || isSwallowed) {
            await new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
            )
          }
          return isLarge ? 'x'.repeat(48 * 1024) : `${service.exitAddress}\n`
        },
        async askNameServer() {
          if (!service.answersNames) throw new MystError('ProbeFailed', 'Names were not answered through the tunnel.')
        },
        ...(options.guarded && {
          async shrinkPackets() {
            isSmall = true
          },
        }),
        remoteAddresses: () => [service.remoteAddress],
        traffic: () => figures(session),
        onLost(handle) {
          lost.add(handle)
          return () => void lost.delete(handle)
        },
        async stop() {
          if (!isStopped) consumers--
          isStopped = true
          if (session?.isUp) became('blocked')
          if (session) session.isUp = false
        },
      }
    },
  }
  return service
}
