import { concatBytes } from '@noble/hashes/utils.js'
import type { Acknowledged, Data } from '../protocol/dialogue.ts'
import { MAX_MESSAGE, WINDOW } from '../protocol/limits.ts'

/**
 * The receiving half of a dialogue: puts numbered pieces in order, joins them to messages and delivers
 * each once. Holds at most WINDOW pieces and one unfinished message, whatever the peer sends. While
 * `ready` is false nothing is delivered and nothing more is acknowledged cumulatively.
 */
export function createReceiver(deps: {
  ready(): boolean
  deliver(type: string, payload: Uint8Array): void
  /** The peer broke the rules: too large a message, or pieces that do not fit together. */
  broken(): void
}) {
  const held = new Map<number, Data & { type: string }>()
  let next = 1
  let parts: Uint8Array[] = []
  let partsType: string | undefined
  let size = 0
  let stopped = false

  function pump() {
    for (let piece = held.get(next); piece && !stopped && deps.ready(); piece = held.get(next)) {
      held.delete(next)
      next += 1
      size += piece.payload.length
      if (size > MAX_MESSAGE || (partsType !== undefined && partsType !== piece.type)) return deps.broken()
      parts.push(piece.payload)
      partsType = piece.type
      if (piece.more) continue
      const payload = concatBytes(...parts)
      parts = []
      partsType = undefined
      size = 0
      deps.deliver(piece.type, payload)
    }
  }

  return {
    /** False when the piece was not the next one: the sender wants to know at once. */
    receive(type: string, data: Data): boolean {
      const inOrder = data.number === next
      if (data.number >= next && data.number < next + WINDOW && !held.has(data.number)) {
        held.set(data.number, { ...data, payload: Uint8Array.from(data.payload), type })
        pump()
      }
      return inOrder && held.size === 0
    },
    pump,
    acknowledged(): Acknowledged {
      let selective = 0
      for (const number of held.keys()) {
        const bit = number - next - 1
        if (bit >= 0 && bit < 32) selective |= 1 << bit
      }
      return { next, selective: selective >>> 0 }
    },
    stop() {
      stopped = true
      held.clear()
      parts = []
    },
  }
}
