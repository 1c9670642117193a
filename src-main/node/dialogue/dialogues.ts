import { concatBytes } from '@noble/hashes/utils.js'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Contact } from '#shared/model/proposal.ts'
import type { Logger } from '../lib/logger.ts'
import type { Messenger, ReceivedMessage } from '../messaging/messenger.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogue, Dialogues } from '../ports/dialogue.ts'
import type { Registry } from '../ports/identity.ts'
import { ACCEPT, HALF_ID, OPEN, openBody, parseFrame } from '../protocol/dialogue.ts'
import type { DialogueTiming } from '../protocol/limits.ts'
import { DIALOGUE_TIMING, MAX_ACCEPTING, MAX_CONTACTS, MAX_DIALOGUES } from '../protocol/limits.ts'
import { createDialogue, dialogueEnded, type LiveDialogue } from './dialogue.ts'
import { createRto } from './rto.ts'

type Attempt = {
  half: Uint8Array
  contacts: readonly Contact[]
  resolve(dialogue: Dialogue): void
  reject(error: unknown): void
}

/** All there is with one peer: at most one of each. */
type Slot = {
  attempt?: Attempt
  accepting?: { live: LiveDialogue; openedMs: number }
  current?: LiveDialogue
  /** Signed time of the peer's opening that led to `current`. */
  openedMs?: number
  /** The half of a peer's opening that it gave up for ours: it must not come up again. */
  givenUp?: Uint8Array
}

/**
 * Dialogues of one identity (whitepaper 6.6.1): opens them, accepts those of others, and keeps at most
 * one per peer. When two open towards each other at the same time, the opening of the lower identifier
 * stands; both `open` calls resolve with that one dialogue, and it is reported to `onIncoming` on both
 * sides, because both wanted to speak first.
 */
export function createDialogues(
  deps: {
    messenger: Messenger
    registry: Registry
    clock: Clock
    log: Logger
    randomBytes?: (length: number) => Uint8Array
  },
  options: { timing?: Partial<DialogueTiming> } = {},
): Dialogues {
  const { messenger, registry, clock, log } = deps
  const randomBytes = deps.randomBytes ?? ((length) => crypto.getRandomValues(new Uint8Array(length)))
  const timing = { ...DIALOGUE_TIMING, ...options.timing }
  const slots = new Map<IdentityId, Slot>()
  const incoming = new Set<(dialogue: Dialogue) => void>()
  let stopped = false

  function slotOf(peer: IdentityId): Slot {
    const slot = slots.get(peer) ?? {}
    slots.set(peer, slot)
    return slot
  }

  /** Forgets what is over. */
  function tidy(peer: IdentityId) {
    const slot = slots.get(peer)
    if (!slot) return
    if (slot.current?.dialogue.state === 'closed') delete slot.current
    if (slot.accepting?.live.dialogue.state === 'closed') delete slot.accepting
    if (!slot.attempt && !slot.accepting && !slot.current) slots.delete(peer)
  }

  function install(peer: IdentityId, slot: Slot, live: LiveDialogue, openedMs: number | undefined) {
    slot.current?.end('replaced', false)
    slot.current = live
    delete slot.givenUp
    if (openedMs === undefined) delete slot.openedMs
    else slot.openedMs = openedMs
    log.info(`dialogue with ${peer} is open`)
  }

  function report(dialogue: Dialogue) {
    for (const handle of incoming) {
      try {
        handle(dialogue)
      } catch (error) {
        log.error(
          `a part of the node failed on a new dialogue: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
  }

  function onOpen(message: ReceivedMessage) {
    const peer = message.sender
    const half = message.dialogue.subarray(0, HALF_ID)
    if (message.dialogue.subarray(HALF_ID).some((byte) => byte !== 0)) return
    const body = parseOpen(message.body)
    const contact = body?.contacts.find((one) => one.channel === message.channel)
    if (!contact) return
    const known = slots.get(peer)
    if (known?.current && sameHalf(known.current.id, half)) return
    if (known?.givenUp && sameHalf(known.givenUp, half)) return
    if (known?.openedMs !== undefined && message.timeMs <= known.openedMs) return
    if (known?.accepting && message.timeMs <= known.accepting.openedMs) return
    if (known?.accepting && sameHalf(known.accepting.live.id, half)) return
    // both open at once: the lower identifier's opening stands
    if (known?.attempt && messenger.id < peer) return
    if (!known?.current && [...slots.values()].filter((slot) => slot.current).length >= MAX_DIALOGUES) return
    makeRoom()
    const slot = slotOf(peer)
    slot.accepting?.live.end('replaced', false)
    const live = createDialogue(
      { messenger, clock, log, timing },
      {
        peer,
        id: concatBytes(half, randomBytes(HALF_ID)),
        contact,
        accepting: {
          payload: slot.attempt?.half ?? new Uint8Array(0),
          confirmed() {
            delete slot.accepting
            install(peer, slot, live, message.timeMs)
            report(live.dialogue)
            slot.attempt?.resolve(live.dialogue)
          },
        },
      },
    )
    slot.accepting = { live, openedMs: message.timeMs }
    void live.dialogue.closed.then((why) => {
      // the peer may believe that our own opening was given up for this one: try with another
      if (why === 'not-answered' && slot.attempt) slot.attempt.half = randomBytes(HALF_ID)
      tidy(peer)
    })
  }

  /** Unconfirmed dialogues are cheap for a peer to ask for: the oldest gives way. */
  function makeRoom() {
    const accepting = [...slots.values()].flatMap((slot) => (slot.accepting ? [slot.accepting] : []))
    if (accepting.length < MAX_ACCEPTING) return
    accepting.sort((a, b) => a.openedMs - b.openedMs)[0]?.live.end('not-answered', false)
  }

  function onAccept(message: ReceivedMessage, slot: Slot, attempt: Attempt) {
    const peer = message.sender
    const contact = attempt.contacts.find((one) => one.channel === message.channel)
    const frame = parseFrame(message.body)
    if (!contact || !frame) return
    // the peer opened by itself after it had accepted ours: that one stands, and it no longer knows ours
    if (slot.accepting && slot.accepting.openedMs >= message.timeMs) return
    const live = createDialogue({ messenger, clock, log, timing }, { peer, id: message.dialogue, contact })
    slot.accepting?.live.end('replaced', false)
    install(peer, slot, live, undefined)
    void live.dialogue.closed.then(() => tidy(peer))
    live.receive(message)
    if (frame.payload.length === HALF_ID) {
      slot.givenUp = Uint8Array.from(frame.payload)
      report(live.dialogue)
    }
    attempt.resolve(live.dialogue)
  }

  const unsubscribe = messenger.onMessage((message) => {
    if (stopped) return
    if (message.type === OPEN) return onOpen(message)
    const slot = slots.get(message.sender)
    if (!slot) return
    for (const live of [slot.current, slot.accepting?.live]) {
      if (live && same(live.id, message.dialogue)) return live.receive(message)
    }
    if (slot.attempt && message.type === ACCEPT && sameHalf(message.dialogue, slot.attempt.half)) {
      onAccept(message, slot, slot.attempt)
    }
  })

  return {
    open(peer, contacts, { timeoutMs = timing.openMs, signal } = {}) {
      if (stopped) return Promise.reject(dialogueEnded('closed-here'))
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (!registry.publicKey(peer)) {
        return Promise.reject(
          new MystError('PeerNotRegistered', 'This identity is not registered, so nobody can speak with it.', {
            details: { peer },
          }),
        )
      }
      const slot = slotOf(peer)
      slot.attempt?.reject(dialogueEnded('replaced'))
      // from here on our opening stands, see onOpen
      if (messenger.id < peer) slot.accepting?.live.end('replaced', false)
      return new Promise<Dialogue>((resolve, reject) => {
        const cancels = new Set<() => void>()
        const settle = () => {
          for (const cancel of cancels) cancel()
          if (slot.attempt === attempt) delete slot.attempt
          tidy(peer)
        }
        const attempt: Attempt = {
          half: randomBytes(HALF_ID),
          contacts: contacts.slice(0, MAX_CONTACTS),
          resolve(dialogue) {
            settle()
            resolve(dialogue)
          },
          reject(error) {
            settle()
            reject(error)
          },
        }
        slot.attempt = attempt
        const onAbort = () => attempt.reject(signal?.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
        cancels.add(() => signal?.removeEventListener('abort', onAbort))
        cancels.add(messenger.favour(peer))
        cancels.add(clock.after(timeoutMs, () => attempt.reject(notAnswered(peer))))

        const rto = createRto(timing)
        let sequence = 0
        let cancelRepeat: () => void = () => undefined
        cancels.add(() => cancelRepeat())
        const repeat = () => {
          sequence += 1
          const dialogue = concatBytes(attempt.half, new Uint8Array(HALF_ID))
          const body = Buffer.from(JSON.stringify({ contacts: messenger.contacts() }), 'utf8')
          void messenger.send({ recipient: peer, dialogue, sequence, type: OPEN, body }, attempt.contacts)
          cancelRepeat = clock.after(rto.after(sequence), repeat)
        }
        repeat()
      })
    },
    onIncoming(handle) {
      incoming.add(handle)
      return () => void incoming.delete(handle)
    },
    async stop() {
      if (stopped) return
      const all = [...slots.values()]
      for (const slot of all) slot.attempt?.reject(dialogueEnded('closed-here'))
      for (const slot of all) slot.accepting?.live.end('closed-here', false)
      await Promise.all(all.map((slot) => slot.current?.dialogue.close()))
      stopped = true
      unsubscribe()
    },
  }
}

function notAnswered(peer: IdentityId): MystError {
  return new MystError('DialogueNotAnswered', 'The other side does not answer; it may be offline.', {
    details: { peer },
  })
}

function parseOpen(body: Uint8Array) {
  try {
    return openBody.safeParse(JSON.parse(Buffer.from(body).toString('utf8'))).data
  } catch {
    return undefined
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function sameHalf(a: Uint8Array, b: Uint8Array): boolean {
  return same(a.subarray(0, HALF_ID), b.subarray(0, HALF_ID))
}
