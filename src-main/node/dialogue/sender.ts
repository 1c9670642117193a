import { MystError } from '#shared/errors/myst-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Acknowledged, Data } from '../protocol/dialogue.ts'
import type { DialogueTiming } from '../protocol/limits.ts'
import { MAX_MESSAGE, MAX_QUEUED_MESSAGES, WINDOW } from '../protocol/limits.ts'
import { createRto } from './rto.ts'

type Piece = Data & {
  type: string
  attempts: number
  firstSentMs: number
  sentMs: number
  dueMs: number
  hurried: boolean
  /** Acknowledged selectively: not sent again, but not delivered yet either. */
  arrived: boolean
  /** Of a message's last piece. */
  done?: { resolve(): void; reject(error: Error): void }
}

/**
 * The sending half of a dialogue: cuts messages into numbered pieces, keeps at most WINDOW of them in
 * flight, sends again what is not acknowledged in time (RFC 6298) or was overtaken by three others.
 * `broken` is called when a piece stays unacknowledged for as long as silence would be borne.
 */
export function createSender(deps: {
  clock: Clock
  timing: DialogueTiming
  maxPayload(type: string): number
  transmit(type: string, data: Data): void
  broken(): void
}) {
  const { clock, timing } = deps
  const rto = createRto(timing)
  const waiting: Piece[] = []
  const inFlight = new Map<number, Piece>()
  let nextNumber = 1
  let base = 1
  let messages = 0
  let timer: { dueMs: number; cancel(): void } | undefined

  function transmit(piece: Piece) {
    piece.attempts += 1
    piece.sentMs = clock.now()
    if (piece.attempts === 1) piece.firstSentMs = piece.sentMs
    piece.dueMs = piece.sentMs + rto.after(piece.attempts)
    deps.transmit(piece.type, piece)
  }

  function fill() {
    for (let piece = waiting[0]; piece && piece.number < base + WINDOW; piece = waiting[0]) {
      waiting.shift()
      inFlight.set(piece.number, piece)
      transmit(piece)
    }
    arm()
  }

  function arm() {
    let dueMs = Number.POSITIVE_INFINITY
    for (const piece of inFlight.values()) dueMs = Math.min(dueMs, piece.dueMs)
    if (timer?.dueMs === dueMs) return
    timer?.cancel()
    timer = undefined
    if (dueMs !== Number.POSITIVE_INFINITY) {
      timer = { dueMs, cancel: clock.after(Math.max(0, dueMs - clock.now()), onDue) }
    }
  }

  function onDue() {
    timer = undefined
    const nowMs = clock.now()
    for (const piece of [...inFlight.values()]) {
      if (piece.dueMs > nowMs) continue
      if (nowMs - piece.firstSentMs >= timing.silenceMs) return deps.broken()
      transmit(piece)
    }
    arm()
  }

  function arrive(piece: Piece) {
    if (piece.arrived) return
    piece.arrived = true
    piece.dueMs = piece.firstSentMs + timing.silenceMs
    if (piece.attempts === 1) rto.sample(clock.now() - piece.sentMs)
  }

  function settle(piece: Piece) {
    arrive(piece)
    inFlight.delete(piece.number)
    if (!piece.done) return
    messages -= 1
    piece.done.resolve()
  }

  return {
    /** Resolves when the peer has acknowledged all of it. Rejects at once when it cannot be taken. */
    send(type: string, payload: Uint8Array): Promise<void> {
      if (payload.length > MAX_MESSAGE) {
        return Promise.reject(
          new MystError('MessageTooLarge', `A message has at most ${MAX_MESSAGE} bytes.`, {
            details: { type, bytes: payload.length },
          }),
        )
      }
      if (messages >= MAX_QUEUED_MESSAGES) {
        return Promise.reject(new MystError('DialogueBusy', 'The other side does not keep up with what is sent.'))
      }
      const size = Math.max(1, deps.maxPayload(type))
      return new Promise((resolve, reject) => {
        messages += 1
        for (let at = 0; at === 0 || at < payload.length; at += size) {
          const more = at + size < payload.length
          waiting.push({
            number: nextNumber++,
            type,
            more,
            payload: payload.subarray(at, at + size),
            attempts: 0,
            firstSentMs: 0,
            sentMs: 0,
            dueMs: 0,
            hurried: false,
            arrived: false,
            ...(more ? {} : { done: { resolve, reject } }),
          })
        }
        fill()
      })
    },
    acknowledged({ next, selective }: Acknowledged) {
      // an acknowledgement of what was never sent is a lie or from another time
      if (next < base || next > nextNumber) return
      base = next
      let highest = 0
      for (const piece of [...inFlight.values()]) {
        const bit = piece.number - next - 1
        if (piece.number < next) settle(piece)
        else if (bit >= 0 && bit < 32 && ((selective >>> bit) & 1) === 1) {
          highest = Math.max(highest, piece.number)
          arrive(piece)
        }
      }
      for (const piece of [...inFlight.values()]) {
        if (piece.arrived || piece.hurried || piece.number > highest - 3) continue
        piece.hurried = true
        transmit(piece)
      }
      fill()
    },
    stop(error: Error) {
      timer?.cancel()
      timer = undefined
      for (const piece of [...inFlight.values(), ...waiting]) piece.done?.reject(error)
      inFlight.clear()
      waiting.length = 0
    },
  }
}
