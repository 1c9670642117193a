import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Clock } from '../../ports/clock.ts'
import { createFrameReader, encodeFrame, type Frame, FrameError, type Target } from './frame.ts'
import { createMuxStream, type MuxStream, type WindowBudget } from './mux-stream.ts'

/**
 * Many flow-controlled streams over one connection (format: frame.ts). The consumer opens, the
 * provider accepts. A stream, drawn:
 *
 *   opening ─OPENED→ open ─FIN or RESET by each side→ ended ─everything read→ forgotten
 *      └─FAILED────────────────────────────────────────▲
 *
 * Each side ends its direction exactly once; a RESET is answered with a RESET (unless this direction
 * is over), so both sides know when a stream number is done and a late frame is a fault, not a riddle.
 */
export type Mux = {
  /** Rejects with `StreamRefused` (details.code: RFC 1928 reply code) or `ConnectionLost`. */
  open(target: Target, signal?: AbortSignal): Promise<Duplex>
  /** Resolves when the other side answered a ping: it is there and it let us in. */
  ready(): Promise<void>
  /** Payload of all DATA frames so far, in bytes: what a session is metered by, the same on both sides. */
  readonly sent: bigint
  readonly received: bigint
  destroy(error?: Error): void
  /** Resolves once, when the connection is over. */
  readonly closed: Promise<Error>
}

export type IncomingStream = {
  readonly target: Target
  /** Aborted when the opener gave up or the connection is over. */
  readonly signal: AbortSignal
  /** Undefined when the opener has given up in the meantime. */
  accept(): Duplex | undefined
  refuse(code: number): void
}

/** Browsers keep up to some hundred connections; each may hold `INITIAL_WINDOW` bytes here. */
export const MAX_STREAMS = 256
/** Answers to a peer that does not read them; 65,536 would suffice for a peer that does. */
const MAX_UNSENT_BYTES = 1024 * 1024
const PING_EVERY_MS = 5_000
/** Four pings unanswered. Long enough for a change of network cell, short enough for a person. */
const SILENCE_MS = 20_000

export type MuxOptions = {
  transport: Duplex
  clock: Clock
  /** Extra window beyond `INITIAL_WINDOW` per stream; a provider shares one among all sessions. */
  budget: WindowBudget
  /** Present at the provider only. */
  onOpen?: (incoming: IncomingStream) => void
  /** The provider's own limit, at most and by default `MAX_STREAMS`. */
  maxStreams?: number
}

export function createMux({ transport, clock, budget, onOpen, maxStreams = MAX_STREAMS }: MuxOptions): Mux {
  const maxIncoming = Math.min(maxStreams, MAX_STREAMS)
  const streams = new Map<number, MuxStream>()
  const turns = new Set<MuxStream>()
  const pings = new Map<string, () => void>()
  const closed = Promise.withResolvers<Error>()
  let over: Error | undefined
  let lastStream = 0
  let blocked = false
  let flushing = false
  let sent = 0n
  let received = 0n
  let heardAtMs = clock.now()

  const send = (frame: Frame) => {
    if (over) return
    if (!transport.write(encodeFrame(frame))) blocked = true
    if (transport.writableLength > MAX_UNSENT_BYTES) destroy(new FrameError('the other side does not read'))
  }

  /** One DATA frame per stream and turn, so that a fast stream does not starve the others. */
  const flush = () => {
    if (flushing) return
    flushing = true
    for (const stream of turns) {
      if (blocked || over) break
      turns.delete(stream)
      const payload = stream.nextPayload()
      if (!payload) continue
      sent += BigInt(payload.length)
      send({ type: 'data', stream: stream.id, payload })
      stream.sentPayload()
      if (stream.canSend()) turns.add(stream)
    }
    flushing = false
  }

  const add = (id: number) => {
    const stream = createMuxStream(id, {
      send,
      budget,
      wantsTurn() {
        turns.add(stream)
        flush()
      },
      done() {
        streams.delete(id)
        turns.delete(stream)
      },
    })
    streams.set(id, stream)
    return stream
  }

  const incoming = (id: number, target: Target) => {
    if (!onOpen || id <= lastStream) throw new FrameError('stream opened out of turn')
    lastStream = id
    if (streams.size >= maxIncoming) return send({ type: 'failed', stream: id, code: 1 })
    const stream = add(id)
    const gone = new AbortController()
    stream.duplex.once('close', () => gone.abort())
    onOpen({
      target,
      signal: gone.signal,
      accept() {
        if (stream.duplex.destroyed) return undefined
        send({ type: 'opened', stream: id })
        stream.opened()
        return stream.duplex
      },
      refuse(code) {
        if (stream.duplex.destroyed) return
        send({ type: 'failed', stream: id, code })
        stream.failed()
      },
    })
  }

  const handle = (frame: Frame) => {
    if (over) return
    if (frame.type === 'ping') return send({ type: 'pong', opaque: frame.opaque })
    if (frame.type === 'pong') return void pings.get(frame.opaque.toString('hex'))?.()
    if (frame.type === 'open') return incoming(frame.stream, frame.target)
    const stream = streams.get(frame.stream)
    if (!stream) {
      // These two can cross with the end of a stream; everything else on a stream that is not there cannot.
      if ((frame.type === 'window' || frame.type === 'reset') && frame.stream <= lastStream) return
      throw new FrameError(`${frame.type} frame for a stream that is not open`)
    }
    if (frame.type === 'data') received += BigInt(frame.payload.length)
    if (onOpen && (frame.type === 'opened' || frame.type === 'failed'))
      throw new FrameError('answer without a question')
    stream.handle(frame)
  }

  const reader = createFrameReader(handle)
  const destroy = (error?: Error) => {
    if (over) return
    over = new MystError('ConnectionLost', 'The connection between consumer and provider is over.', { cause: error })
    stopPings()
    for (const stream of [...streams.values()]) stream.lost(over)
    transport.destroy()
    closed.resolve(error ?? over)
  }

  const ping = () =>
    new Promise<void>((resolve, reject) => {
      const opaque = randomBytes(8)
      const key = opaque.toString('hex')
      pings.set(key, () => {
        pings.delete(key)
        resolve()
      })
      void closed.promise.then(reject)
      send({ type: 'ping', opaque })
    })

  const stopPings = clock.every(PING_EVERY_MS, () => {
    if (clock.now() - heardAtMs > SILENCE_MS) return destroy(new Error('nothing was heard from the other side'))
    send({ type: 'ping', opaque: Buffer.alloc(8) })
  })

  transport.on('data', (bytes: Buffer) => {
    heardAtMs = clock.now()
    try {
      reader.push(bytes)
    } catch (error) {
      destroy(error instanceof Error ? error : new FrameError('unreadable'))
    }
  })
  transport.on('drain', () => {
    blocked = false
    flush()
  })
  transport.on('error', destroy)
  transport.on('end', () => destroy(new Error('the other side closed the connection')))
  transport.on('close', () => destroy(new Error('the connection was closed')))

  return {
    open(target, signal) {
      return new Promise((resolve, reject) => {
        if (over) return reject(over)
        if (signal?.aborted) return reject(signal.reason)
        if (streams.size >= MAX_STREAMS || lastStream === 0xffff_ffff) return reject(refused(1))
        lastStream += 1
        const stream = add(lastStream)
        const cancel = () => stream.duplex.destroy(new Error('given up'))
        signal?.addEventListener('abort', cancel, { once: true })
        stream.onAnswer = (code) => {
          signal?.removeEventListener('abort', cancel)
          if (code === undefined) resolve(stream.duplex)
          else reject(refused(code))
        }
        stream.duplex.once('close', () => {
          signal?.removeEventListener('abort', cancel)
          reject(over ?? signal?.reason ?? refused(1))
        })
        send({ type: 'open', stream: stream.id, target })
      })
    },
    ready: ping,
    get sent() {
      return sent
    },
    get received() {
      return received
    },
    destroy,
    closed: closed.promise,
  }
}

function refused(code: number): MystError {
  return new MystError('StreamRefused', 'The provider could not reach this destination or does not allow it.', {
    // What a stranger sent becomes one of the codes that RFC 1928 knows.
    details: { code: code >= 1 && code <= 8 ? code : 1 },
  })
}
