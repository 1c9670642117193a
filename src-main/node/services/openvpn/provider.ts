import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import { MystError } from '#shared/errors/myst-error.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Privilege, PrivilegeEvent } from '../../ports/privilege.ts'
import type { ProviderOptions, ServiceProvider, Traffic } from '../../ports/service-type.ts'
import { DEFAULT_CONNECTIONS } from '../connection-limits.ts'
import { issueClient, issueServer } from './certificates.ts'
import { createKeysFile } from './keys-file.ts'
import { consumerData, type ProviderData } from './session-data.ts'

type Session = { traffic: Traffic; cancelTimer: () => void }

const FIRST_PORT = 1194
/** An admitted consumer that has not connected by then has failed to. */
const CONNECT_WITHIN_MS = 90_000
/** A consumer that leaves says so through the dialogue, a little later than its tunnel ends. */
const LOST_AFTER_MS = 5_000
const NOTHING: Traffic = { bytesUp: 0n, bytesDown: 0n }

/**
 * The provider's half. A certificate alone opens nothing: OpenVPN lets in only names that were admitted, and
 * a name is only while the session named in the certificate is active. Bytes are counted by the firewall per client.
 */
export async function startOpenVpnProvider(
  deps: { privilege: Privilege; log: Logger; clock: Clock },
  options: ProviderOptions,
): Promise<ServiceProvider> {
  const { privilege, log, clock } = deps
  const { publicAddress, maxSessions, bandwidthMbps, totalBandwidthMbps } = options
  if (isIP(publicAddress) === 0) {
    throw new MystError('PublicAddressInvalid', 'The OpenVPN service needs an IP address that others can reach.')
  }
  const keysFile = createKeysFile(options.dataDir)
  const keys = await keysFile.open(clock.now(), FIRST_PORT)
  const own = await issueServer(keys.authority, clock.now())
  const sessions = new Map<string, Session>()
  const lostHandlers = new Set<(sessionId: string | undefined, message: string) => void>()
  let port = keys.port

  const lose = (sessionId: string | undefined, message: string) => {
    for (const handle of lostHandlers) handle(sessionId, message)
  }

  const onEvent = (event: PrivilegeEvent) => {
    switch (event.event) {
      case 'server-client': {
        const session = sessions.get(event.commonName)
        session?.cancelTimer()
        if (!session || event.state === 'here') return
        const lost = () => lose(event.commonName, "The consumer's tunnel was closed.")
        session.cancelTimer = clock.after(LOST_AFTER_MS, lost)
        return
      }
      case 'server-traffic': {
        const session = sessions.get(event.commonName)
        if (session) session.traffic = { bytesUp: BigInt(event.bytesUp), bytesDown: BigInt(event.bytesDown) }
        return
      }
      case 'server':
        if (event.state === 'down') lose(undefined, event.message ?? 'The OpenVPN service ended.')
    }
  }

  await privilege.ensure()
  const start = (tried: number) =>
    privilege.serverStart({
      port: tried,
      protocol: 'udp',
      ca: keys.authority.certificate,
      ...own,
      tlsCrypt: keys.tlsCrypt,
      maxSessions,
      publicAddress,
      ...(bandwidthMbps !== undefined && { bandwidthKbps: kbps(bandwidthMbps) }),
      ...(totalBandwidthMbps !== undefined && { totalBandwidthKbps: kbps(totalBandwidthMbps) }),
      maxConnections: options.maxConnections ?? DEFAULT_CONNECTIONS.maxConnections,
      newConnectionsPerSecond: options.newConnectionsPerSecond ?? DEFAULT_CONNECTIONS.newConnectionsPerSecond,
      allowMail: options.allowMail === true,
    })
  const unsubscribe = privilege.onEvent(onEvent)
  try {
    await start(port).catch((error: unknown) => {
      if (!(error instanceof MystError) || error.name !== 'PortInUse') throw error
      port = randomInt(20_000, 60_000)
      log.info(`port ${keys.port} is in use, the OpenVPN service takes ${port}`)
      return start(port)
    })
    if (port !== keys.port) keysFile.setPort(port)
  } catch (error) {
    unsubscribe()
    throw error
  }

  return {
    port: { number: port, protocol: 'udp' },
    async admit(sessionId, _consumer, data) {
      const parsed = consumerData.safeParse(data)
      if (!parsed.success || sessions.has(sessionId)) throw refusal('service-data-invalid')
      if (sessions.size >= maxSessions) throw refusal('sessions-full')
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(sessionId)) throw refusal('service-data-invalid')
      const certificate = await issueClient(keys.authority, parsed.data.certificateRequest, sessionId, clock.now())
      if (certificate === undefined) throw refusal('service-data-invalid')
      const cancelTimer = clock.after(CONNECT_WITHIN_MS, () => lose(sessionId, 'The consumer did not connect.'))
      sessions.set(sessionId, { traffic: NOTHING, cancelTimer })
      try {
        await privilege.serverAdmit({ commonName: sessionId })
      } catch (error) {
        cancelTimer()
        sessions.delete(sessionId)
        throw error
      }
      return {
        version: 1,
        remotes: [{ address: publicAddress, port, protocol: 'udp' }],
        ca: keys.authority.certificate,
        certificate,
        tlsCrypt: keys.tlsCrypt,
      } satisfies ProviderData
    },
    traffic: (sessionId) => sessions.get(sessionId)?.traffic ?? NOTHING,
    async end(sessionId) {
      const session = sessions.get(sessionId)
      if (!session) return NOTHING
      session.cancelTimer()
      // The last figures come as an event before the answer.
      await privilege.serverKill({ commonName: sessionId }).catch((error: unknown) => log.warn(String(error)))
      sessions.delete(sessionId)
      return session.traffic
    },
    onLost(handle) {
      lostHandlers.add(handle)
      return () => void lostHandlers.delete(handle)
    },
    async stop() {
      unsubscribe()
      for (const { cancelTimer } of sessions.values()) cancelTimer()
      sessions.clear()
      await privilege.serverStop()
    },
  }
}

const kbps = (mbps: number) => Math.max(1, Math.round(mbps * 1_000))

function refusal(reason: RefusalReason): Error {
  return Object.assign(new MystError('Refused', REFUSALS[reason], { details: { reason } }), { reason })
}
