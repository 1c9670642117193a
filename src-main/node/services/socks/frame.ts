import { isIPv4, isIPv6 } from 'node:net'

/**
 * What travels inside the TLS connection between consumer and provider: many TCP streams over one.
 *
 *   frame   = type (1 byte) · stream (4) · length (2) · payload (length), big-endian
 *   OPEN    1  port (2) · kind (1: IPv4, 3: name, 4: IPv6, as in RFC 1928) · address (4, 1–253, 16)
 *   OPENED  2  empty
 *   FAILED  3  code (1), the reply codes of RFC 1928: nothing was opened, both directions are over
 *   DATA    4  1 to 16,384 bytes, never more than the credit that the receiver gave
 *   WINDOW  5  more credit for DATA, in bytes (4), 1 or more
 *   FIN     6  empty: the sender sends no more, and still receives
 *   RESET   7  empty: the sender sends no more and discards what it receives
 *   PING    8  8 bytes of the sender's choice, stream 0
 *   PONG    9  the same 8 bytes, stream 0
 *
 * A receiver ends the connection on anything else: there is no lenient reading.
 */
export type Frame =
  | { type: 'open'; stream: number; target: Target }
  | { type: 'opened'; stream: number }
  | { type: 'fin'; stream: number }
  | { type: 'reset'; stream: number }
  | { type: 'failed'; stream: number; code: number }
  | { type: 'data'; stream: number; payload: Buffer }
  | { type: 'window'; stream: number; credit: number }
  | { type: 'ping'; opaque: Buffer }
  | { type: 'pong'; opaque: Buffer }

/** `host` is an IPv4 or IPv6 address or a name; a name is resolved by the provider and never here. */
export type Target = { host: string; port: number }

export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** One TLS record (2^14): a larger frame would only make other streams wait behind it. */
export const MAX_DATA = 16_384
const HEADER = 7

type FrameType = Frame['type']
const CODES: Record<FrameType, number> = {
  open: 1,
  opened: 2,
  failed: 3,
  data: 4,
  window: 5,
  fin: 6,
  reset: 7,
  ping: 8,
  pong: 9,
}
/** Shortest and longest payload per type; checked before a single byte of payload is kept. */
const LENGTHS: Record<FrameType, readonly [number, number]> = {
  open: [4, 256],
  opened: [0, 0],
  failed: [1, 1],
  data: [1, MAX_DATA],
  window: [4, 4],
  fin: [0, 0],
  reset: [0, 0],
  ping: [8, 8],
  pong: [8, 8],
}
const TYPES = new Map(Object.entries(CODES).map(([type, code]) => [code, type as FrameType]))

export function encodeFrame(frame: Frame): Buffer {
  const payload = payloadOf(frame)
  const bytes = Buffer.allocUnsafe(HEADER + payload.length)
  bytes[0] = CODES[frame.type]
  bytes.writeUInt32BE('stream' in frame ? frame.stream : 0, 1)
  bytes.writeUInt16BE(payload.length, 5)
  bytes.set(payload, HEADER)
  return bytes
}

function payloadOf(frame: Frame): Buffer {
  switch (frame.type) {
    case 'open':
      return encodeTarget(frame.target)
    case 'failed':
      return Buffer.of(frame.code)
    case 'data':
      return frame.payload
    case 'window': {
      const credit = Buffer.allocUnsafe(4)
      credit.writeUInt32BE(frame.credit)
      return credit
    }
    case 'ping':
    case 'pong':
      return frame.opaque
    default:
      return Buffer.alloc(0)
  }
}

/**
 * Cuts a byte stream into frames. Keeps at most one incomplete frame. Payloads are views of what was
 * pushed; who keeps one, copies it. Throws `FrameError`, after which nothing more may be pushed.
 */
export function createFrameReader(handle: (frame: Frame) => void): { push(bytes: Buffer): void } {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(bytes) {
      let buffer = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      for (;;) {
        if (buffer.length < HEADER) break
        const { type, stream, length } = decodeHeader(buffer)
        if (buffer.length < HEADER + length) break
        const payload = buffer.subarray(HEADER, HEADER + length)
        buffer = buffer.subarray(HEADER + length)
        handle(decodeFrame(type, stream, payload))
      }
      // A copy, so that seven bytes do not hold on to a whole read.
      rest = Buffer.from(buffer)
    },
  }
}

function decodeHeader(buffer: Buffer): { type: FrameType; stream: number; length: number } {
  const type = TYPES.get(buffer.readUInt8(0))
  if (!type) throw new FrameError('unknown frame type')
  const stream = buffer.readUInt32BE(1)
  if ((stream === 0) !== (type === 'ping' || type === 'pong')) throw new FrameError('stream number out of place')
  const length = buffer.readUInt16BE(5)
  const [shortest, longest] = LENGTHS[type]
  if (length < shortest || length > longest) throw new FrameError(`${type} frame of ${length} bytes`)
  return { type, stream, length }
}

function decodeFrame(type: FrameType, stream: number, payload: Buffer): Frame {
  switch (type) {
    case 'open':
      return { type, stream, target: decodeTarget(payload) }
    case 'failed':
      return { type, stream, code: payload.readUInt8(0) }
    case 'data':
      return { type, stream, payload }
    case 'window': {
      const credit = payload.readUInt32BE(0)
      if (credit === 0) throw new FrameError('window frame without credit')
      return { type, stream, credit }
    }
    case 'ping':
    case 'pong':
      return { type, opaque: Buffer.from(payload) }
    default:
      return { type, stream }
  }
}

export const KIND = { ipv4: 1, name: 3, ipv6: 4 } as const

function encodeTarget({ host, port }: Target): Buffer {
  const head = Buffer.allocUnsafe(3)
  head.writeUInt16BE(port, 0)
  head[2] = isIPv4(host) ? KIND.ipv4 : isIPv6(host) ? KIND.ipv6 : KIND.name
  return Buffer.concat([head, encodeHost(host)])
}

function encodeHost(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from(host.split('.').map(Number))
  if (!isIPv6(host)) return Buffer.from(host, 'ascii')
  // The URL parser prints every IPv6 address, mapped ones included, as hexadecimal groups.
  const [left = '', right] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split('::')
  const groups = (text = '') => (text === '' ? [] : text.split(':'))
  const [first, last] = [groups(left), groups(right)]
  const zeros = Array<string>(8 - first.length - last.length).fill('0')
  const bytes = Buffer.alloc(16)
  for (const [index, group] of [...first, ...zeros, ...last].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  }
  return bytes
}

function decodeTarget(payload: Buffer): Target {
  const port = payload.readUInt16BE(0)
  const host = decodeHost(payload.readUInt8(2), payload.subarray(3))
  if (host === undefined || port === 0) throw new FrameError('open frame without a destination')
  return { host, port }
}

/** RFC 1928 address bytes as text; undefined when they are none. Shared with the SOCKS side. */
export function decodeHost(kind: number, address: Buffer): string | undefined {
  if (kind === KIND.ipv4) return address.length === 4 ? [...address].join('.') : undefined
  if (kind === KIND.ipv6) {
    if (address.length !== 16) return undefined
    const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(index * 2).toString(16))
    return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
  }
  if (kind !== KIND.name) return undefined
  const name = address.toString('latin1')
  // Letters, digits, hyphen and underscore in labels of up to 63 (RFC 1035), 253 in all.
  return name.length <= 253 && /^(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$/.test(name) ? name : undefined
}
