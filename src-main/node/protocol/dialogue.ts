import { z } from 'zod'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import { MAX_ADDRESS_LENGTH, MAX_CONTACTS } from './limits.ts'

/**
 * What a dialogue puts into the body of a signed message (see `envelope.ts`).
 *
 * dialogue-open: JSON `{"contacts":[{"channel","address"}…]}`, the opener's own, so that the acceptor
 * can answer on the channel the opening came by. Its dialogue id is 8 random bytes and 8 zeros.
 *
 * Everything after carries both halves of the id in the signed header, so that nothing of one dialogue
 * can be played again in another, and begins with a frame:
 *
 *   next 4 │ selective 4 │ number 4 │ flags 1 │ payload
 *
 *   next       all data numbered below this has arrived
 *   selective  bit i: data number next + 1 + i has arrived as well
 *   number     of the data in this frame, from 1; 0 when there is none
 *   flags      bit 0: the message goes on in the next number
 *
 * Without data (number 0): dialogue-accept (payload: empty, or the 8 bytes of the acceptor's own
 * opening that it gave up in favour of this one), acknowledgement, keep-alive, and a dialogue-close
 * that nobody waits for. With data: dialogue-close (empty) and the messages, whose joined payloads are
 * JSON `{"id", "ask"?, "re"?, "body"}`: `id` is the correlation id, `ask` means that a reply is
 * awaited, `re` makes it the reply to that id.
 */
export const OPEN = 'dialogue-open'
export const ACCEPT = 'dialogue-accept'
export const CLOSE = 'dialogue-close'
export const ACKNOWLEDGEMENT = 'acknowledgement'
export const KEEP_ALIVE = 'keep-alive'
export const REFUSAL = 'refusal'

export const RESERVED_TYPES: ReadonlySet<string> = new Set([OPEN, ACCEPT, CLOSE, ACKNOWLEDGEMENT, KEEP_ALIVE, REFUSAL])

export const HALF_ID = 8
export const FRAME_HEADER = 13

export type Acknowledged = { next: number; selective: number }
export type Data = { number: number; more: boolean; payload: Uint8Array }
export type Frame = { acknowledged: Acknowledged } & Data

export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER + frame.payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, frame.acknowledged.next)
  view.setUint32(4, frame.acknowledged.selective)
  view.setUint32(8, frame.number)
  view.setUint8(12, frame.more ? 1 : 0)
  bytes.set(frame.payload, FRAME_HEADER)
  return bytes
}

export function parseFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < FRAME_HEADER) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    acknowledged: { next: view.getUint32(0), selective: view.getUint32(4) },
    number: view.getUint32(8),
    more: (view.getUint8(12) & 1) === 1,
    payload: bytes.subarray(FRAME_HEADER),
  }
}

export const openBody = z.object({
  contacts: z
    .array(z.object({ channel: z.string().min(1).max(20), address: z.string().max(MAX_ADDRESS_LENGTH) }))
    .max(MAX_CONTACTS),
})

const correlationId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

export const conversationBody = z.object({
  id: correlationId,
  ask: z.literal(true).optional(),
  re: correlationId.optional(),
  body: z.unknown(),
})

export type ConversationBody = z.output<typeof conversationBody>

/** A reason of a newer version than ours counts as the most general one. */
export const refusalBody = z.object({
  reason: z.custom<RefusalReason>((value) => typeof value === 'string' && Object.hasOwn(REFUSALS, value)),
})
