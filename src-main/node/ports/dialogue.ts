import type { IdentityId } from '#shared/model/identity.ts'
import type { Contact } from '#shared/model/proposal.ts'

/** Why a dialogue is over. */
export type DialogueEnd = 'closed-here' | 'closed-by-peer' | 'replaced' | 'silence' | 'not-answered' | 'broken'

/** idle → opening → open → closing → closed (PROTOCOL, Dialogue). */
export type DialogueState = 'opening' | 'open' | 'closing' | 'closed'

/** `undefined` means "delivered, nothing to answer"; a reply goes back under the same correlation id. */
export type Reply = { type: string; body: unknown } | undefined

/**
 * One reliable, ordered exchange between two identities: delivered exactly once and in order, or the
 * dialogue ends. At most one per pair; a new one closes the old one.
 */
export type Dialogue = {
  readonly id: string
  readonly peer: IdentityId
  readonly state: DialogueState
  /** Resolves when the peer acknowledged; rejects with `DialogueEnded` when the dialogue ends first. */
  send(type: string, body: unknown): Promise<void>
  /**
   * Sends and waits for the reply with the same correlation id. Rejects with `DialogueEnded`, with
   * `RequestTimedOut` after `timeoutMs` (default 30 s), or with `Refused` (details.reason) when the
   * peer answered with a `refusal`.
   */
  request(type: string, body: unknown, options?: { timeoutMs?: number }): Promise<{ type: string; body: unknown }>
  /**
   * One handler per type. Bodies arrive unparsed: the handler's owner checks its schema at the door.
   * An error thrown with a `reason` (`RefusalReason`) is answered with that refusal.
   */
  handle(type: string, handler: (body: unknown) => Promise<Reply> | Reply): () => void
  /** Tells the peer and waits for its acknowledgement, but not long. */
  close(): Promise<void>
  readonly closed: Promise<DialogueEnd>
}

export type Dialogues = {
  /** Rejects with `DialogueNotAnswered` (within `timeoutMs`, default 15 s) or `PeerNotRegistered`. */
  open(
    peer: IdentityId,
    contacts: readonly Contact[],
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<Dialogue>
  /** Called with each dialogue a peer opened, before its first message is delivered. */
  onIncoming(handle: (dialogue: Dialogue) => void): () => void
  stop(): Promise<void>
}
