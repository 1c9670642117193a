import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { generate, type IConnectPacket, parser } from 'mqtt-packet'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { systemClock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { clientIdOf, createLoginVerifier } from '../messaging/broker-login.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry } from '../ports/identity.ts'
import { MAX_DATAGRAM } from '../protocol/limits.ts'
import {
  BROKER_LIMITS,
  type BrokerLimits,
  createConnectionLimit,
  createPacketGuard,
  MAX_CONNECT,
} from './broker-guard.ts'
import { audiencesOf, listen, urlOf } from './broker-server.ts'

/** Where the broker listens for the gate alone. */
export type GateUpstream = { path: string } | { host: string; port: number }

/**
 * The door in front of a standard broker (Mosquitto, EMQX) that cannot check our proofs: verifies the
 * first packet of each connection, then hands the connection on with user name = identifier and a fixed
 * client id. The broker must be reachable for the gate only (a Unix socket in a private directory, or
 * loopback of a machine without other users); its access rules do the rest (`writeMosquittoConfig`).
 * Throws `PortInUse`.
 */
export async function startBrokerGate(options: {
  host: string
  /** 0: any free port. */
  port: number
  upstream: GateUpstream
  registry: Registry
  chainId: bigint
  log: Logger
  clock?: Clock
  publicUrls?: readonly string[]
  limits?: Partial<BrokerLimits>
}): Promise<{ url: string; stop(): Promise<void> }> {
  const { host, upstream, registry, chainId, log, clock = systemClock } = options
  const limits = { ...BROKER_LIMITS, ...options.limits }
  const connections = createConnectionLimit(clock, limits)
  let verify: ReturnType<typeof createLoginVerifier> = () => undefined

  async function serve(socket: Socket) {
    const address = socket.remoteAddress ?? ''
    if (!connections.admit(address)) return socket.destroy()
    socket.once('close', () => connections.release(address))
    const first = await readConnect(socket, limits.loginMs)
    const id = first && acceptable(first.packet) ? verify(first.packet.username, first.packet.password) : undefined
    if (!first || !id || first.packet.clientId !== clientIdOf(id)) {
      log.debug('refused a login')
      socket.end(generate({ cmd: 'connack', returnCode: 5, sessionPresent: false }))
      return
    }
    const inner = connect(upstream)
    inner.setNoDelay(true)
    inner.write(connectFor(id, first.packet.keepalive ?? 0))
    const guard = createPacketGuard(clock, limits.packets, { connectDone: true })
    pipeline(socket, guard, inner, (error) => {
      if (error) log.debug(`closed a connection: ${error.message}`)
      socket.destroy()
      inner.destroy()
    })
    pipeline(inner, socket, () => {
      socket.destroy()
      inner.destroy()
    })
    if (first.rest.length > 0) socket.unshift(first.rest)
    socket.resume()
  }

  const listening = await listen(host, options.port, (socket) => {
    serve(socket).catch((error: unknown) => {
      log.debug(`a connection failed: ${error instanceof Error ? error.message : String(error)}`)
      socket.destroy()
    })
  })
  verify = createLoginVerifier({
    registry,
    chainId,
    clock,
    isAudience: audiencesOf(host, listening.port, options.publicUrls ?? []),
  })
  log.info(`the gate of the broker listens on ${host}:${listening.port}`)
  return { url: urlOf(host, listening.port), stop: listening.close }
}

function acceptable(packet: IConnectPacket): boolean {
  return packet.protocolVersion === 4 && packet.clean === true && packet.will === undefined
}

function connectFor(id: IdentityId, keepalive: number): Buffer {
  return generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: clientIdOf(id),
    // a connection without keep-alive would stay half-open for ever
    keepalive: Math.min(Math.max(keepalive, 10), 120),
    username: id,
  })
}

/** The first packet, bounded in size and time, and what came after it; undefined when it is no CONNECT. */
function readConnect(socket: Socket, timeoutMs: number): Promise<{ packet: IConnectPacket; rest: Buffer } | undefined> {
  return new Promise((resolve) => {
    let held = Buffer.alloc(0)
    const finish = (result: { packet: IConnectPacket; rest: Buffer } | undefined) => {
      clearTimeout(timer)
      socket.off('data', onData)
      socket.off('close', onClose)
      socket.pause()
      resolve(result)
    }
    const onClose = () => finish(undefined)
    const onData = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      const size = packetSize(held)
      if (held[0] !== 0x10 || size === 'invalid' || (size === 'unknown' && held.length > 5)) return finish(undefined)
      if (size === 'unknown') return
      if (size > MAX_CONNECT) return finish(undefined)
      if (held.length < size) return
      const packet = parseConnect(held.subarray(0, size))
      finish(packet && { packet, rest: held.subarray(size) })
    }
    const timer = setTimeout(() => finish(undefined), timeoutMs)
    socket.on('data', onData)
    socket.once('close', onClose)
  })
}

function packetSize(bytes: Buffer): number | 'unknown' | 'invalid' {
  let length = 0
  for (let at = 1; at < 5; at++) {
    const byte = bytes[at]
    if (byte === undefined) return 'unknown'
    length += (byte & 0x7f) * 2 ** (7 * (at - 1))
    if (byte < 0x80) return at + 1 + length
  }
  return 'invalid'
}

function parseConnect(bytes: Buffer): IConnectPacket | undefined {
  let found: IConnectPacket | undefined
  const parsing = parser({ protocolVersion: 4 })
  parsing.on('packet', (packet) => {
    if (packet.cmd === 'connect') found = packet
  })
  parsing.on('error', () => {
    found = undefined
  })
  try {
    parsing.parse(bytes)
  } catch {
    return undefined
  }
  return found
}

/**
 * Writes `mosquitto.conf` and its access rules into a private directory, for a Mosquitto that listens on
 * a Unix socket there. `user` is the account Mosquitto changes to when it is started as root. Returns
 * what to start it with (`mosquitto -c configFile`) and what to give to `startBrokerGate`.
 */
export async function writeMosquittoConfig(options: {
  directory: string
  user?: string
}): Promise<{ configFile: string; upstream: GateUpstream }> {
  const { directory, user } = options
  for (const text of [directory, user ?? '']) {
    if (/[\n\r]/.test(text)) {
      throw new MystError('InvalidPath', 'A path in the configuration must not have line breaks.')
    }
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'mosquitto.sock')
  const configFile = join(directory, 'mosquitto.conf')
  const aclFile = join(directory, 'acl')
  await writeFile(aclFile, 'pattern read myst/inbox/%u\npattern write myst/inbox/+\n', { mode: 0o600 })
  const lines = [
    ...(user === undefined ? [] : [`user ${user}`]),
    `listener 0 ${path}`,
    // the gate has checked who it is; the user name it hands on is what the access rules go by
    'allow_anonymous true',
    `acl_file ${aclFile}`,
    'persistence false',
    'retain_available false',
    'queue_qos0_messages false',
    'max_queued_messages 100',
    `message_size_limit ${MAX_DATAGRAM}`,
    'log_dest stderr',
    'log_type error',
    'log_type warning',
  ]
  await writeFile(configFile, `${lines.join('\n')}\n`, { mode: 0o600 })
  return { configFile, upstream: { path } }
}
