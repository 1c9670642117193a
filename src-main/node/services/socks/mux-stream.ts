import { Duplex } from 'node:stream'
import { type Frame, FrameError, MAX_DATA } from './frame.ts'

/**
 * What a peer may send on a new stream before anybody read it. Small, because it is promised to every
 * stream; a stream whose reader keeps up earns more, up to `MAX_WINDOW`, from a shared budget.
 */
export const INITIAL_WINDOW = 64 * 1024
/** 100 Mbit/s at a round trip of 160 ms need 2 MB under way. */
export const MAX_WINDOW = 2 * 1024 * 1024
/** Shorter pieces are joined while they wait, so that one byte never costs a whole object. */
const JOIN_BELOW = 1024

/** Bytes of memory that may still be promised beyond `INITIAL_WINDOW` per stream. */
export type WindowBudget = { take(bytes: number): boolean; give(bytes: number): void }

export function createWindowBudget(bytes: number): WindowBudget {
  let left = bytes
  return {
    take(wanted) {
      if (wanted > left) return false
      left -= wanted
      return true
    },
    give(back) {
      left += back
    },
  }
}

type Connection = {
  send(frame: Frame): void
  /** Asks to be called through `nextPayload` when the connection can take more. */
  wantsTurn(): void
  done(): void
  budget: WindowBudget
}

type StreamFrame = Exclude<Frame, { type: 'open' | 'ping' | 'pong' }>

export type MuxStream = ReturnType<typeof createMuxStream>

export function createMuxStream(id: number, connection: Connection) {
  let opening = true
  let onAnswer: ((code?: number) => void) | undefined
  // Towards the peer.
  let credit = INITIAL_WINDOW
  let pending: { chunk: Buffer; done: (error?: Error | null) => void } | undefined
  let localEnded = false
  // From the peer. Always: window = owed (may still come) + queue (came) + read (to be granted again).
  let window = INITIAL_WINDOW
  let owed = INITIAL_WINDOW
  let queue: Buffer[] = []
  let read = 0
  let remoteEnded = false
  let wanted = false

  const duplex = new Duplex({
    allowHalfOpen: true,
    // One chunk at a time: what nobody reads stays in the queue, where it is joined and counted.
    readableHighWaterMark: 1,
    writableHighWaterMark: MAX_DATA,
    read() {
      wanted = true
      deliver()
    },
    write(chunk: Buffer, _encoding, done) {
      pending = { chunk, done }
      if (canSend()) connection.wantsTurn()
    },
    final(done) {
      if (!localEnded) connection.send({ type: 'fin', stream: id })
      localEnded = true
      done()
    },
    destroy(error, done) {
      // Also after a FIN: what the peer still sends is discarded, and it should know.
      if (!localEnded || !remoteEnded) connection.send({ type: 'reset', stream: id })
      localEnded = true
      queue = []
      const waiting = pending
      pending = undefined
      waiting?.done(error ?? new Error('The stream was closed.'))
      connection.budget.give(window - INITIAL_WINDOW)
      done(error)
    },
  })
  // A stream that nobody holds any more may fail; who holds it adds a listener of its own.
  duplex.on('error', () => undefined)
  duplex.on('close', settle)

  function canSend() {
    return pending !== undefined && credit > 0 && !opening && !localEnded
  }

  function deliver() {
    while (wanted && queue.length > 0) {
      const chunk = queue.shift() ?? Buffer.alloc(0)
      read += chunk.length
      // Set before the push: a reader may ask for more while it is given this.
      wanted = false
      if (duplex.push(chunk)) wanted = true
    }
    if (remoteEnded) {
      if (wanted && queue.length === 0) duplex.push(null)
      return
    }
    if (read >= window / 2) grant()
  }

  /** What was read may come again; a reader that keeps up gets twice as much, while memory lasts. */
  function grant() {
    const more = queue.length === 0 && window < MAX_WINDOW && connection.budget.take(window) ? window : 0
    window += more
    owed += read + more
    connection.send({ type: 'window', stream: id, credit: read + more })
    read = 0
  }

  function settle() {
    if (localEnded && remoteEnded && duplex.destroyed) connection.done()
  }

  function keep(payload: Buffer) {
    if (payload.length > owed) throw new FrameError('more data than credit')
    owed -= payload.length
    // Discarded: the person closed this stream. No credit comes back, so it ends by itself.
    if (duplex.destroyed) return
    const last = queue.at(-1)
    // Copies: a view would hold on to everything that was read together with it.
    if (last && last.length < JOIN_BELOW) queue[queue.length - 1] = Buffer.concat([last, payload])
    else queue.push(Buffer.from(payload))
    deliver()
  }

  return {
    id,
    duplex,
    canSend,
    set onAnswer(handle: (code?: number) => void) {
      onAnswer = handle
    },
    /** At most one frame of what waits to be sent; `sentPayload` must follow. */
    nextPayload(): Buffer | undefined {
      if (!pending || !canSend()) return undefined
      const payload = pending.chunk.subarray(0, Math.min(pending.chunk.length, credit, MAX_DATA))
      credit -= payload.length
      pending.chunk = pending.chunk.subarray(payload.length)
      return payload
    },
    sentPayload() {
      if (pending?.chunk.length !== 0) return
      const { done } = pending
      pending = undefined
      done()
    },
    opened() {
      opening = false
    },
    /** Refused, here or there: nothing more is said about this stream. */
    failed() {
      localEnded = true
      remoteEnded = true
      duplex.destroy()
      settle()
    },
    lost(error: Error) {
      localEnded = true
      remoteEnded = true
      duplex.destroy(error)
      settle()
    },
    /** Throws `FrameError` on what the peer must not send. */
    handle(frame: StreamFrame) {
      if (remoteEnded && frame.type !== 'window' && frame.type !== 'reset')
        throw new FrameError(`${frame.type} after the end`)
      if (opening && (frame.type === 'data' || frame.type === 'fin' || frame.type === 'window')) {
        throw new FrameError(`${frame.type} frame on a stream that is not open yet`)
      }
      switch (frame.type) {
        case 'opened':
          if (!opening) throw new FrameError('opened twice')
          opening = false
          if (!duplex.destroyed) onAnswer?.()
          return
        case 'failed':
          if (!opening) throw new FrameError('failed after it was opened')
          onAnswer?.(frame.code)
          return this.failed()
        case 'data':
          return keep(frame.payload)
        case 'window':
          credit += frame.credit
          // Nobody honest promises this much; far below where numbers stop being exact.
          if (credit > 2 ** 31) throw new FrameError('too much credit')
          if (canSend()) connection.wantsTurn()
          return
        case 'fin':
          remoteEnded = true
          if (!duplex.destroyed) deliver()
          return settle()
        case 'reset':
          // Everything was said both ways already: what came before it is whole and stays.
          if (localEnded && remoteEnded) return
          remoteEnded = true
          duplex.destroy(new Error('The other side reset the stream.'))
          return settle()
      }
    },
  }
}
