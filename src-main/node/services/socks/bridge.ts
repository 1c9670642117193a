import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '../../ports/clock.ts'
import type { Throttle } from './token-bucket.ts'

/** RFC 5382: an established connection may be silent for 2 h 4 min before a NAT may forget it. */
const SILENT_MS = (2 * 60 + 4) * 60_000
/** RFC 5382: 4 minutes for one that is half closed. */
const HALF_CLOSED_MS = 4 * 60_000
const LOOK_EVERY_MS = 30_000
/** Larger reads are cut, so that streams that share a bandwidth limit take turns. */
const PIECE_BYTES = 16_384

export type BridgeOptions = {
  clock: Clock
  /** Limits from `first` to `second`, and back. */
  forth?: Throttle
  back?: Throttle
}

/**
 * Carries bytes both ways with backpressure and half close, until both directions are over. An error
 * on either side destroys both, so that a cut connection never looks like a finished one.
 */
export async function bridge(first: Duplex, second: Duplex, options: BridgeOptions): Promise<void> {
  const { clock } = options
  let movedAtMs = clock.now()
  let openDirections = 2

  const fail = (cause: unknown) => {
    const error = cause instanceof Error ? cause : new Error('bridge failed')
    cut(first, error)
    cut(second, error)
  }
  const carry = async (from: Duplex, to: Duplex, throttle: Throttle | undefined) => {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      const bytes: Buffer = chunk
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, at + PIECE_BYTES)
        await throttle?.take(piece.length)
        await write(to, piece)
        movedAtMs = clock.now()
      }
    }
    to.end()
    await finished(to, { readable: false })
    openDirections -= 1
  }
  // A carrier that waits for bandwidth or for the other end's bytes would not notice this one's end.
  for (const end of [first, second]) {
    end.on('error', fail)
    end.once('close', () => {
      if (openDirections > 0 && (end.errored || end.readableAborted)) fail(end.errored)
    })
    if (end.destroyed) fail(end.errored)
  }
  const stopLooking = clock.every(LOOK_EVERY_MS, () => {
    const limitMs = openDirections === 2 ? SILENT_MS : HALF_CLOSED_MS
    if (clock.now() - movedAtMs > limitMs) fail(new Error('The connection was silent for too long.'))
  })
  try {
    await Promise.all([carry(first, second, options.forth).catch(fail), carry(second, first, options.back).catch(fail)])
  } finally {
    stopLooking()
  }
}

/** A TCP connection is reset: half a file must not look like a whole one. */
function cut(end: Duplex, error: Error): void {
  if (end.destroyed) return
  if (end instanceof Socket) end.resetAndDestroy()
  else end.destroy(error)
}

function write(to: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => to.write(bytes, (error) => (error ? reject(error) : resolve())))
}
