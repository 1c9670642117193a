import { Transform } from 'node:stream'
import { MystError } from '#shared/errors/myst-error.ts'
import { createBucket, type Rate } from '../messaging/rate-limit.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_DATAGRAM } from '../protocol/limits.ts'

export type BrokerLimits = {
  connections: number
  /** Connections of one address: several people may share one. */
  connectionsPerAddress: number
  /** New connections per address: each costs a signature check. */
  connects: Rate
  /** Packets of one client. */
  packets: Rate
  /** How long a connection may take to log in. */
  loginMs: number
}

export const BROKER_LIMITS: BrokerLimits = {
  connections: 10_000,
  connectionsPerAddress: 256,
  connects: { perSecond: 10, burst: 100 },
  packets: { perSecond: 100, burst: 500 },
  loginMs: 10_000,
}

/** Our inbox topics are short; the rest of a packet is the datagram. */
const MAX_PACKET = MAX_DATAGRAM + 256
export const MAX_CONNECT = 2_048

// First bytes a client may send after CONNECT: PUBLISH with QoS 0, not retained, not a duplicate;
// SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT. All that would make a broker keep state is missing.
const ALLOWED: ReadonlySet<number> = new Set([0x30, 0x82, 0xa2, 0xc0, 0xe0])
const CONNECT = 0x10

/**
 * Stands between a client and a broker and lets through only small packets of the allowed kinds, at a
 * bounded rate, whatever the broker behind it would bear. Reads headers only; the bytes go on unchanged.
 */
export function createPacketGuard(clock: Pick<Clock, 'now'>, rate: Rate, { connectDone = false } = {}): Transform {
  const bucket = createBucket(clock, rate)
  let sawConnect = connectDone
  let type: number | undefined
  let length = 0
  let shift = 0
  let left = 0

  /** A sentence when the bytes break a rule. */
  function check(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length; at++) {
      if (left > 0) {
        const skip = Math.min(left, chunk.length - at)
        left -= skip
        at += skip - 1
        continue
      }
      const byte = chunk[at] ?? 0
      if (type === undefined) {
        if (sawConnect ? !ALLOWED.has(byte) : byte !== CONNECT) return 'a packet that does not belong here'
        if (!bucket.take()) return 'too many packets'
        type = byte
        continue
      }
      length += (byte & 0x7f) * 2 ** shift
      shift += 7
      if (length > (sawConnect ? MAX_PACKET : MAX_CONNECT) || shift > 21) return 'too large a packet'
      if (byte >= 0x80) continue
      left = length
      sawConnect = true
      type = undefined
      length = 0
      shift = 0
    }
    return undefined
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const fault = check(chunk)
      if (fault === undefined) done(null, chunk)
      else done(new MystError('BrokerRefused', `The connection sent ${fault}.`))
    },
  })
}

/** Counts connections, in total and per address. `admit` says whether one more may come in. */
export function createConnectionLimit(clock: Pick<Clock, 'now'>, limits: BrokerLimits) {
  const perAddress = new Map<string, number>()
  const rates = new Map<string, ReturnType<typeof createBucket>>()
  let open = 0
  return {
    admit(address: string): boolean {
      // forgetting all rates now and then is simpler than ageing them, and gives away one burst
      if (rates.size > 10_000) rates.clear()
      const rate = rates.get(address) ?? createBucket(clock, limits.connects)
      rates.set(address, rate)
      const here = perAddress.get(address) ?? 0
      if (!rate.take() || open >= limits.connections || here >= limits.connectionsPerAddress) return false
      open += 1
      perAddress.set(address, here + 1)
      return true
    },
    release(address: string) {
      open -= 1
      const here = (perAddress.get(address) ?? 1) - 1
      if (here > 0) perAddress.set(address, here)
      else perAddress.delete(address)
    },
  }
}
