import type { StateMessage } from '#shared/contract/state.ts'
import { decode } from '#shared/contract/wire.ts'
import { type ErrorDetails, fromWire, MystError } from '#shared/errors/myst-error.ts'
import { withoutUnseen } from '#shared/model/plain-text.ts'

/** An encoded `{ok}` or `{error}` as a value or a thrown `MystError`; anything else is unreadable. */
export function readAnswer(text: string): unknown {
  const answer = decodeObject(text)
  if (answer && 'ok' in answer) return answer.ok
  if (answer && 'error' in answer) throw readError(answer.error)
  throw unreadable()
}

/** Undefined when the text is no state message: the caller then asks for a new snapshot. */
export function readStateMessage(text: string): StateMessage | undefined {
  const message = decodeObject(text)
  if (!message || typeof message.number !== 'number' || !Number.isSafeInteger(message.number)) return undefined
  if (message.kind === 'beat') return message as StateMessage
  if (message.kind === 'snapshot' && isObject(message.state)) return message as StateMessage
  if (message.kind === 'delta' && isObject(message.set)) return message as StateMessage
  return undefined
}

export function unreachable(cause?: unknown): MystError {
  return new MystError('NodeUnreachable', 'The node is not answering; it may be starting, try again in a moment.', {
    cause,
  })
}

function unreadable(): MystError {
  return new MystError('UnreadableAnswer', 'The node gave an answer this page cannot read; update both and try again.')
}

function readError(error: unknown): MystError {
  if (!isObject(error) || typeof error.name !== 'string' || typeof error.message !== 'string') return unreadable()
  const details = isObject(error.details) ? (error.details as ErrorDetails) : {}
  return fromWire({ name: error.name, message: error.message, details })
}

function decodeObject(text: string): Record<string, unknown> | undefined {
  try {
    // Much of it is a stranger's: nothing of it turns the direction of what stands beside it on the page.
    const value = decode(withoutUnseen(text))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
