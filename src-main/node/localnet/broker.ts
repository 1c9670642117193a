import type { Socket } from 'node:net'
import { duplexPair, pipeline } from 'node:stream'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import type { IdentityId } from '#shared/model/identity.ts'
import { systemClock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { clientIdOf, createLoginVerifier, inboxTopic, isInboxTopic } from '../messaging/broker-login.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry } from '../ports/identity.ts'
import { MAX_DATAGRAM } from '../protocol/limits.ts'
import { BROKER_LIMITS, type BrokerLimits, createConnectionLimit, createPacketGuard } from './broker-guard.ts'
import { audiencesOf, listen, urlOf } from './broker-server.ts'

/** A receiver that is this far behind loses datagrams, instead of holding up the others. */
const MAX_BACKLOG = 524_288

/**
 * The embedded message broker (node document: "only registered participants can send and receive").
 * Whoever connects proves possession of a registered identity, may publish small datagrams to inboxes
 * only and subscribe to the own inbox only. Nothing is kept: QoS 0, nothing retained, no wills.
 * Throws `PortInUse`.
 */
export async function startBroker(options: {
  host: string
  /** 0: any free port. */
  port: number
  registry: Registry
  chainId: bigint
  log: Logger
  clock?: Clock
  /** Addresses under which it is known outside, when they differ from host and port. */
  publicUrls?: readonly string[]
  limits?: Partial<BrokerLimits>
}): Promise<{ url: string; stop(): Promise<void> }> {
  const { host, registry, chainId, log, clock = systemClock } = options
  const limits = { ...BROKER_LIMITS, ...options.limits }
  const connections = createConnectionLimit(clock, limits)
  const identities = new WeakMap<Client, IdentityId>()
  // proofs can only be judged once the port is known
  let verify: ReturnType<typeof createLoginVerifier> = () => undefined

  const aedes = await Aedes.createBroker({
    connectTimeout: limits.loginMs,
    drainTimeout: 30_000,
    maxTopicLevels: 4,
    preConnect(_client, packet, done) {
      const fine = packet.protocolVersion === 4 && packet.clean === true && packet.will === undefined
      // without an error the connection would stay open and unwatched
      done(fine ? null : new Error('not a connection of ours'), fine)
    },
    authenticate(client, username, password, done) {
      const id = verify(username, password)
      if (!id || client.id !== clientIdOf(id)) {
        log.debug('refused a login')
        return done(notAuthorized(), false)
      }
      identities.set(client, id)
      done(null, true)
    },
    authorizePublish(client, packet, done) {
      const fine =
        client !== null &&
        identities.has(client) &&
        isInboxTopic(packet.topic) &&
        packet.qos === 0 &&
        !packet.retain &&
        packet.payload.length <= MAX_DATAGRAM
      done(fine ? null : new Error('not allowed to publish this'))
    },
    authorizeSubscribe(client, subscription, done) {
      const id = identities.get(client)
      const own = id !== undefined && subscription.topic === inboxTopic(id)
      done(null, own ? { ...subscription, qos: 0 } : null)
    },
    authorizeForward: (client, packet) => (client.conn.writableNeedDrain ? null : packet),
  })
  aedes.on('clientError', (_client, error) => log.debug(`a client failed: ${error.message}`))
  aedes.on('connectionError', (_client, error) => log.debug(`a connection failed: ${error.message}`))

  function serve(socket: Socket) {
    const address = socket.remoteAddress ?? ''
    if (!connections.admit(address)) return socket.destroy()
    socket.once('close', () => connections.release(address))
    const [inside, outside] = duplexPair({ highWaterMark: MAX_BACKLOG })
    const guard = createPacketGuard(clock, limits.packets)
    pipeline(socket, guard, outside, (error) => {
      if (error) log.debug(`closed a connection: ${error.message}`)
      socket.destroy()
    })
    pipeline(outside, socket, () => socket.destroy())
    aedes.handle(inside)
  }

  let listening: Awaited<ReturnType<typeof listen>>
  try {
    listening = await listen(host, options.port, serve)
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    throw error
  }
  verify = createLoginVerifier({
    registry,
    chainId,
    clock,
    isAudience: audiencesOf(host, listening.port, options.publicUrls ?? []),
  })
  log.info(`the broker listens on ${host}:${listening.port}`)
  return {
    url: urlOf(host, listening.port),
    async stop() {
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
      await listening.close()
    },
  }
}

function notAuthorized(): AuthenticateError {
  return Object.assign(new Error('not authorized'), { returnCode: 5 })
}
