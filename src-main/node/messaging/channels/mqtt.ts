import mqtt from 'mqtt'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Channel } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { UnlockedIdentity } from '../../ports/identity.ts'
import { MAX_DATAGRAM } from '../../protocol/limits.ts'
import { audienceOf, inboxTopic, proveLogin } from '../broker-login.ts'

export type MqttTiming = {
  /** Wait before the next attempt: doubled after each round through all brokers, up to the ceiling. */
  backoffMs: number
  backoffMaxMs: number
  connectMs: number
  keepAliveSeconds: number
}

const TIMING: MqttTiming = { backoffMs: 500, backoffMaxMs: 10_000, connectMs: 10_000, keepAliveSeconds: 30 }

/** More than this waiting for a slow connection is dropped: late datagrams help nobody. */
const MAX_BACKLOG = 1_048_576

/**
 * The relay channel (whitepaper 6.6): one inbox topic per identity at a broker, MQTT 3.1.1, QoS 0, clean
 * session. Keeps one connection, to the first of `brokers` that lets it in; all of them serve the same
 * network, so that it does not matter which one each side uses. Reconnects by itself, proving possession
 * of the identity afresh each time.
 */
export function createMqttChannel(
  deps: { identity: UnlockedIdentity; chainId: bigint; clock: Clock; log: Logger },
  options: {
    /** `mqtt://` or `mqtts://` addresses. */
    brokers: readonly string[]
    /** PEM of a certificate authority to trust instead of the system's. */
    ca?: string
    timing?: Partial<MqttTiming>
    random?: () => number
  },
): Channel {
  const { identity, chainId, clock, log } = deps
  const { brokers, ca, random = Math.random } = options
  const timing = { ...TIMING, ...options.timing }
  const inbox = inboxTopic(identity.id)
  // an address that is none shall fail here and not in a timer
  const audiences = brokers.map(audienceOf)
  const onDatagram = new Set<(datagram: Uint8Array) => void>()
  const onOnline = new Set<(online: boolean) => void>()
  let client: mqtt.MqttClient | undefined
  let online = false
  let started = false
  let failures = 0
  let cancelRetry: () => void = () => undefined

  function setOnline(value: boolean) {
    if (online === value) return
    online = value
    for (const handle of onOnline) handle(value)
  }

  function connect() {
    const at = failures % brokers.length
    const [broker, audience] = [brokers[at], audiences[at]]
    if (!started || broker === undefined || audience === undefined) return
    const proof = proveLogin(identity, { chainId, audience, nowMs: clock.now() })
    const attempt = mqtt.connect(broker, {
      ...proof,
      ...(ca === undefined ? {} : { ca }),
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: timing.connectMs,
      keepalive: timing.keepAliveSeconds,
    })
    client = attempt
    attempt.on('connect', () => {
      attempt.subscribe(inbox, { qos: 0 }, (error, granted) => {
        if (attempt !== client || !started) return
        if (error || granted?.[0]?.qos !== 0) {
          log.warn('the broker let us in but not to our inbox')
          attempt.end(true)
          return
        }
        failures = 0
        log.info('connected to the broker')
        setOnline(true)
      })
    })
    attempt.on('message', (topic, payload) => {
      if (attempt !== client || topic !== inbox || payload.length > MAX_DATAGRAM) return
      const datagram = Uint8Array.from(payload)
      for (const handle of onDatagram) handle(datagram)
    })
    // without a listener an error would end the process; 'close' follows and does what is to be done
    attempt.on('error', (error) => log.debug(`the broker connection failed: ${error.message}`))
    attempt.once('close', () => {
      attempt.end(true)
      if (attempt !== client) return
      client = undefined
      setOnline(false)
      if (started) retry()
    })
  }

  function retry() {
    const round = Math.floor(failures / brokers.length)
    failures += 1
    const waitMs = Math.min(timing.backoffMaxMs, timing.backoffMs * 2 ** Math.min(round, 16))
    // spread out, so that all nodes do not come back to a broker at the same moment
    cancelRetry = clock.after(waitMs * (0.5 + random() / 2), connect)
  }

  return {
    type: 'mqtt',
    maxDatagram: MAX_DATAGRAM,
    get online() {
      return online
    },
    async start() {
      if (started) return
      started = true
      connect()
    },
    async stop() {
      started = false
      cancelRetry()
      const last = client
      client = undefined
      setOnline(false)
      if (last) await last.endAsync(true)
    },
    contact: () => inbox,
    async send(to, _address, datagram) {
      if (datagram.length > MAX_DATAGRAM) {
        throw new MystError('DatagramTooLarge', `A datagram has at most ${MAX_DATAGRAM} bytes on this channel.`)
      }
      if (!online || !client || client.stream.writableLength > MAX_BACKLOG) return
      // the topic follows from the identity: an address from a stranger is never used as one
      client.publish(inboxTopic(to), Buffer.from(datagram), { qos: 0, retain: false }, (error) => {
        if (error) log.debug(`a datagram was not sent: ${error.message}`)
      })
    },
    onDatagram(handle) {
      onDatagram.add(handle)
      return () => void onDatagram.delete(handle)
    },
    onOnline(handle) {
      onOnline.add(handle)
      return () => void onOnline.delete(handle)
    },
  }
}
