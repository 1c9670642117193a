import { ZodError } from 'zod'
import { decode, encode } from '#shared/contract/wire.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { Logger } from '../lib/logger.ts'
import type { Clock } from '../ports/clock.ts'
import type { Reply } from '../ports/dialogue.ts'
import type { ConversationBody } from '../protocol/dialogue.ts'
import { conversationBody, REFUSAL, RESERVED_TYPES, refusalBody } from '../protocol/dialogue.ts'
import { isType } from '../protocol/envelope.ts'
import { MAX_HANDLERS_AT_WORK } from '../protocol/limits.ts'

type Handler = (body: unknown) => Promise<Reply> | Reply
type Answer = { type: string; body: unknown }
type Waiting = { resolve(answer: Answer): void; reject(error: Error): void }

/**
 * Requests, replies and handlers over a reliable link. Handlers are called in the order in which
 * messages came; they are not waited for, so a handler may itself ask the peer something.
 */
export function createConversation(deps: {
  clock: Clock
  log: Logger
  requestMs: number
  /** Resolves when the peer acknowledged. */
  transmit(type: string, payload: Uint8Array): Promise<void>
  /** A handler came to its end: held-back messages may go on. */
  relieved(): void
}) {
  const { clock, log } = deps
  const handlers = new Map<string, Handler>()
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  let atWork = 0
  let ended: Error | undefined

  function transmit(type: string, content: Omit<ConversationBody, 'id'>): { id: number; done: Promise<void> } {
    const id = nextId++
    return { id, done: deps.transmit(type, Buffer.from(encode({ id, ...content }), 'utf8')) }
  }

  function answer(to: number, reply: Answer) {
    if (ended) return
    transmit(reply.type, { re: to, body: reply.body }).done.catch((error: unknown) => {
      if (!ended) log.warn(`could not answer: ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  function refuse(to: number, reason: RefusalReason) {
    answer(to, { type: REFUSAL, body: { reason } })
  }

  async function work(type: string, handler: Handler, message: ConversationBody) {
    atWork += 1
    try {
      const reply = await handler(message.body)
      if (reply && message.ask) answer(message.id, reply)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === undefined) {
        log.error(`handling ${type} failed: ${error instanceof Error ? error.message : String(error)}`)
      }
      refuse(message.id, reason ?? 'service-unavailable')
    } finally {
      atWork -= 1
      deps.relieved()
    }
  }

  return {
    ready: () => atWork < MAX_HANDLERS_AT_WORK,
    /** False when the payload is not a message at all. */
    deliver(type: string, payload: Uint8Array): boolean {
      const message = parse(payload)
      if (!message) return false
      if (message.re !== undefined) {
        const waiter = waiting.get(message.re)
        waiting.delete(message.re)
        if (type === REFUSAL && !waiter) log.debug(`the peer refused message ${message.re}`)
        waiter?.resolve({ type, body: message.body })
        return true
      }
      const handler = handlers.get(type)
      if (handler) void work(type, handler, message)
      else if (type !== REFUSAL) refuse(message.id, 'unknown-message')
      return true
    },
    send(type: string, body: unknown): Promise<void> {
      if (ended) return Promise.reject(ended)
      return transmit(checked(type), { body }).done
    },
    request(type: string, body: unknown, timeoutMs = deps.requestMs): Promise<Answer> {
      if (ended) return Promise.reject(ended)
      return new Promise<Answer>((resolve, reject) => {
        const { id, done } = transmit(checked(type), { ask: true, body })
        const cancel = clock.after(timeoutMs, () => {
          waiting.delete(id)
          reject(
            new MystError('RequestTimedOut', 'The other side did not answer in time.', {
              details: { type, timeoutMs },
            }),
          )
        })
        waiting.set(id, {
          resolve(reply) {
            cancel()
            if (reply.type === REFUSAL) reject(refused(reply.body))
            else resolve(reply)
          },
          reject(error) {
            cancel()
            reject(error)
          },
        })
        done.catch((error: Error) => {
          waiting.get(id)?.reject(error)
          waiting.delete(id)
        })
      })
    },
    handle(type: string, handler: Handler): () => void {
      handlers.set(checked(type), handler)
      return () => {
        if (handlers.get(type) === handler) handlers.delete(type)
      }
    },
    stop(error: Error) {
      ended = error
      for (const waiter of waiting.values()) waiter.reject(error)
      waiting.clear()
      handlers.clear()
    },
  }
}

function parse(payload: Uint8Array): ConversationBody | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload)
    return conversationBody.safeParse(decode(text)).data
  } catch {
    return undefined
  }
}

function checked(type: string): string {
  if (isType(type) && !RESERVED_TYPES.has(type)) return type
  throw new MystError('InvalidMessageType', 'A message type is a short lower-case word that dialogues do not use.', {
    details: { type },
  })
}

function reasonOf(error: unknown): RefusalReason | undefined {
  if (error instanceof ZodError) return 'malformed-message'
  if (!(error instanceof Error) || !('reason' in error)) return undefined
  const parsed = refusalBody.safeParse({ reason: error.reason })
  return parsed.data?.reason
}

function refused(body: unknown): MystError {
  const reason = refusalBody.safeParse(body).data?.reason ?? 'service-unavailable'
  return new MystError('Refused', REFUSALS[reason], { details: { reason } })
}
