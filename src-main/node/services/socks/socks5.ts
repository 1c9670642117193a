import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Clock } from '../../ports/clock.ts'
import { bridge } from './bridge.ts'
import { REPLY } from './destination.ts'
import { decodeHost, KIND, type Target } from './frame.ts'
import { listen } from './listen.ts'

/** Opens a stream to a destination; rejects with details.code, an RFC 1928 reply code. */
export type OpenStream = (target: Target, signal: AbortSignal) => Promise<Duplex>

/** From the first byte to the end of the request; programs on this machine need milliseconds. */
const HANDSHAKE_MS = 10_000
/** A provider gives up after 15 s; this is for one that never answers. */
const OPEN_MS = 30_000
/** A little more than a session has streams, so that one too many is told so and not left hanging. */
const MAX_CLIENTS = 512
const VERSION = 5
const NO_AUTHENTICATION = 0
const NONE_ACCEPTABLE = 0xff
const CONNECT = 1

/**
 * A SOCKS5 server (RFC 1928) for programs on this machine: CONNECT only, no authentication, on
 * 127.0.0.1. Names are passed on as they are: nothing is resolved on this side.
 */
export function startSocksListener(options: {
  clock: Clock
  open: OpenStream
  /** 0: any free one. */
  port: number
}): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    serveSocksClient(socket, options).catch(() => socket.destroy())
  })
  server.maxConnections = MAX_CLIENTS
  return listen(server, { host: '127.0.0.1', port: options.port }, 'SOCKS proxy', (socket) => socket.resetAndDestroy())
}

/** One client, from its greeting to its end. Rejects when it does not speak SOCKS5. */
export async function serveSocksClient(socket: Socket, options: { clock: Clock; open: OpenStream }): Promise<void> {
  const stopTimer = options.clock.after(HANDSHAKE_MS, () => socket.destroy())
  const target = await readRequest(socket).finally(stopTimer)
  if (!target) return
  const gone = new AbortController()
  const onClose = () => gone.abort(new Error('given up'))
  socket.once('close', onClose)
  const stopWaiting = options.clock.after(OPEN_MS, onClose)
  let stream: Duplex
  try {
    stream = await options.open(target, gone.signal)
  } catch (error) {
    const code = error instanceof MystError ? Number(error.details.code) : REPLY.failure
    socket.end(reply(code >= 1 && code <= 8 ? code : REPLY.failure))
    return
  } finally {
    stopWaiting()
    socket.off('close', onClose)
  }
  socket.write(reply(REPLY.succeeded))
  await bridge(socket, stream, { clock: options.clock })
}

/** The handshake. Undefined: refused, and told so. What follows the request stays in the socket. */
export async function readRequest(socket: Duplex): Promise<Target | undefined> {
  const [version, methodCount = 0] = await readBytes(socket, 2)
  if (version !== VERSION || methodCount === 0) throw new Error('not SOCKS5')
  const methods = await readBytes(socket, methodCount)
  if (!methods.includes(NO_AUTHENTICATION)) {
    socket.end(Buffer.of(VERSION, NONE_ACCEPTABLE))
    return undefined
  }
  socket.write(Buffer.of(VERSION, NO_AUTHENTICATION))

  const [again, command, , kind = 0] = await readBytes(socket, 4)
  if (again !== VERSION) throw new Error('not SOCKS5')
  const length =
    kind === KIND.ipv4 ? 4 : kind === KIND.ipv6 ? 16 : kind === KIND.name ? (await readBytes(socket, 1))[0] : 0
  if (!length) return refuse(socket, REPLY.addressNotSupported)
  const host = decodeHost(kind, await readBytes(socket, length))
  const port = (await readBytes(socket, 2)).readUInt16BE(0)
  if (command !== CONNECT) return refuse(socket, REPLY.commandNotSupported)
  if (host === undefined) return refuse(socket, REPLY.addressNotSupported)
  if (port === 0) return refuse(socket, REPLY.failure)
  return { host, port }
}

function refuse(socket: Duplex, code: number): undefined {
  socket.end(reply(code))
}

/** The bound address is not this side's to know: 0.0.0.0:0, as most proxies answer. */
function reply(code: number): Buffer {
  return Buffer.of(VERSION, code, 0, KIND.ipv4, 0, 0, 0, 0, 0, 0)
}

/** Exactly `count` bytes (at most 255 here); rejects when the stream ends first. */
function readBytes(stream: Duplex, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => {
      stream.off('readable', look)
      stream.off('end', fail)
      stream.off('close', fail)
      run()
    }
    const look = () => {
      const bytes: Buffer | null = stream.read(count)
      // At its end a stream gives what is left, even when it is less.
      if (bytes) settle(() => (bytes.length === count ? resolve(bytes) : reject(new Error('ended early'))))
    }
    const fail = () => settle(() => reject(new Error('ended early')))
    stream.on('readable', look)
    stream.on('end', fail)
    stream.on('close', fail)
    if (stream.destroyed || stream.readableEnded) fail()
    else look()
  })
}
