import { bytesToHex } from '@noble/hashes/utils.js'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Contact } from '#shared/model/proposal.ts'
import type { Logger } from '../lib/logger.ts'
import type { Messenger, ReceivedMessage } from '../messaging/messenger.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogue, DialogueEnd, DialogueState } from '../ports/dialogue.ts'
import {
  ACCEPT,
  ACKNOWLEDGEMENT,
  CLOSE,
  type Data,
  encodeFrame,
  FRAME_HEADER,
  KEEP_ALIVE,
  OPEN,
  parseFrame,
} from '../protocol/dialogue.ts'
import type { DialogueTiming } from '../protocol/limits.ts'
import { createConversation } from './conversation.ts'
import { createReceiver } from './receiver.ts'
import { createReplayWindow } from './replay-window.ts'
import { createRto } from './rto.ts'
import { createSender } from './sender.ts'

/** A dialogue as the node's own machinery sees it; others get `dialogue` only. */
export type LiveDialogue = {
  readonly dialogue: Dialogue
  readonly id: Uint8Array
  /** A message from the peer with this dialogue's id; verified by the messenger. */
  receive(message: ReceivedMessage): void
  /** Ends at once; `tell` sends one dialogue-close that nobody waits for. */
  end(why: DialogueEnd, tell: boolean): void
}

const NOTHING = new Uint8Array(0)

/**
 * One dialogue (whitepaper 6.6.1), from the moment both halves of its id are known:
 *
 *   (opener)    ─ accept received ──────────────────────┐
 *                                                       ▼
 *   (acceptor)  opening ─ first packet with our half ▸ open ─ close() ▸ closing ─ acknowledged,
 *                  │                                    │                  │      or patience over ▸ closed
 *                  └ unconfirmed ▸ closed               └ peer's close, silence, replaced, broken ▸ closed
 *
 * The acceptor repeats dialogue-accept until it hears a packet that carries its own random half of the
 * id: only then it knows that the opening was not an old one played again. It answers that at once, and
 * the opener repeats its acknowledgement until then, so that both know.
 */
export function createDialogue(
  deps: { messenger: Messenger; clock: Clock; log: Logger; timing: DialogueTiming },
  options: {
    peer: IdentityId
    id: Uint8Array
    contact: Contact
    /** Set for an acceptor: what goes along with dialogue-accept, and whom to call when it is confirmed. */
    accepting?: { payload: Uint8Array; confirmed(): void }
  },
): LiveDialogue {
  const { messenger, clock, log, timing } = deps
  const { peer, id, contact, accepting } = options
  let state: DialogueState = accepting ? 'opening' : 'open'
  let sequence = 0
  let lastSentMs = clock.now()
  let lastHeardMs = clock.now()
  /** The peer sent something that it only sends once it knows that we are here. */
  let confirmed = false
  let acknowledgementOwed = false
  let cancelAcknowledgement: (() => void) | undefined
  const isFresh = createReplayWindow()
  const cancels = new Set<() => void>()
  let resolveClosed: (why: DialogueEnd) => void = () => undefined
  const closed = new Promise<DialogueEnd>((resolve) => {
    resolveClosed = resolve
  })

  function transmit(type: string, data: Data = { number: 0, more: false, payload: NOTHING }) {
    lastSentMs = clock.now()
    acknowledgementOwed = false
    cancelAcknowledgement?.()
    cancelAcknowledgement = undefined
    sequence += 1
    const body = encodeFrame({ ...data, acknowledged: receiver.acknowledged() })
    void messenger.send({ recipient: peer, dialogue: id, sequence, type, body }, [contact])
  }

  const sender = createSender({
    clock,
    timing,
    maxPayload: (type) => messenger.maxBody(contact.channel, type) - FRAME_HEADER,
    transmit,
    broken: () => end('broken', true),
  })
  const conversation = createConversation({
    clock,
    log,
    requestMs: timing.requestMs,
    transmit: (type, payload) => sender.send(type, payload),
    relieved() {
      const before = receiver.acknowledged().next
      receiver.pump()
      // what was held back is delivered now, and the peer does not ask again for what it knows arrived
      if (state !== 'closed' && receiver.acknowledged().next !== before) acknowledge()
    },
  })
  const receiver = createReceiver({
    ready: conversation.ready,
    deliver(type, payload) {
      if (type === CLOSE) {
        transmit(ACKNOWLEDGEMENT)
        end(state === 'closing' ? 'closed-here' : 'closed-by-peer', false)
      } else if (state === 'open' && !conversation.deliver(type, payload)) end('broken', true)
    },
    broken: () => end('broken', true),
  })

  /** Runs `check` when `ms` have passed since `lastMs()`, again and again until the end. */
  function watch(ms: number, lastMs: () => number, check: () => void) {
    let cancel: () => void = () => undefined
    const arm = () => {
      cancel = clock.after(Math.max(1, lastMs() + ms - clock.now()), () => {
        if (clock.now() - lastMs() >= ms) check()
        if (state !== 'closed') arm()
      })
    }
    arm()
    cancels.add(() => cancel())
  }

  /** Sends again and again, at the pace of a retransmission, until `heard`. */
  function repeat(type: string, payload: Uint8Array, heard: () => boolean) {
    let cancel: () => void = () => undefined
    cancels.add(() => cancel())
    const rto = createRto(timing)
    const next = (attempt: number) => {
      cancel = clock.after(rto.after(attempt), () => {
        if (heard()) return
        transmit(type, { number: 0, more: false, payload })
        next(attempt + 1)
      })
    }
    next(1)
  }

  function begin() {
    const stopFavour = messenger.favour(peer)
    cancels.add(stopFavour)
    watch(
      timing.keepAliveMs,
      () => lastSentMs,
      () => transmit(KEEP_ALIVE),
    )
    watch(
      timing.silenceMs,
      () => lastHeardMs,
      () => end('silence', true),
    )
  }

  function end(why: DialogueEnd, tell: boolean) {
    if (state === 'closed') return
    if (tell) transmit(CLOSE)
    state = 'closed'
    cancelAcknowledgement?.()
    for (const cancel of cancels) cancel()
    cancels.clear()
    const error = dialogueEnded(why)
    conversation.stop(error)
    sender.stop(error)
    receiver.stop()
    log.debug(`dialogue with ${peer} is over: ${why}`)
    resolveClosed(why)
  }

  function acknowledge(now = false) {
    acknowledgementOwed = true
    if (now || timing.ackDelayMs === 0) return transmit(ACKNOWLEDGEMENT)
    cancelAcknowledgement ??= clock.after(timing.ackDelayMs, () => {
      cancelAcknowledgement = undefined
      if (acknowledgementOwed) transmit(ACKNOWLEDGEMENT)
    })
  }

  function receive(message: ReceivedMessage) {
    if (state === 'closed' || message.type === OPEN) return
    const frame = parseFrame(message.body)
    if (!frame || !isFresh(message.sequence)) return
    lastHeardMs = clock.now()
    const opens = state === 'opening'
    if (opens) {
      state = 'open'
      begin()
      accepting?.confirmed()
    }
    if (message.type !== ACCEPT) confirmed = true
    sender.acknowledged(frame.acknowledged)
    if (frame.number > 0) {
      const inOrder = receiver.receive(message.type, frame)
      if (isClosed()) return
      acknowledge(!inOrder)
    } else if (message.type === CLOSE) end(state === 'closing' ? 'closed-here' : 'closed-by-peer', false)
    else if (opens || message.type === ACCEPT) transmit(ACKNOWLEDGEMENT)
  }

  // what is called in between may have ended the dialogue, which the type checker cannot see
  const isClosed = () => (state as DialogueState) === 'closed'

  async function close() {
    if (state === 'open') {
      state = 'closing'
      conversation.stop(dialogueEnded('closed-here'))
      cancels.add(clock.after(timing.closeMs, () => end('closed-here', true)))
      sender.send(CLOSE, NOTHING).then(
        () => end('closed-here', false),
        () => end('closed-here', true),
      )
    } else if (state === 'opening') end('closed-here', true)
    await closed
  }

  if (accepting) {
    transmit(ACCEPT, { number: 0, more: false, payload: accepting.payload })
    repeat(ACCEPT, accepting.payload, () => state !== 'opening')
    cancels.add(clock.after(timing.acceptingMs, () => state === 'opening' && end('not-answered', false)))
  } else {
    begin()
    repeat(ACKNOWLEDGEMENT, NOTHING, () => confirmed)
  }

  return {
    id,
    receive,
    end,
    dialogue: {
      id: bytesToHex(id),
      peer,
      get state() {
        return state
      },
      // async, so that a wrong type rejects like everything else
      send: async (type, body) => conversation.send(type, body),
      request: async (type, body, request) => conversation.request(type, body, request?.timeoutMs),
      handle: (type, handler) => conversation.handle(type, handler),
      close,
      closed,
    },
  }
}

const ENDS: Record<DialogueEnd, string> = {
  'closed-here': 'The dialogue was closed on this side.',
  'closed-by-peer': 'The other side closed the dialogue.',
  replaced: 'A new dialogue with the same peer took the place of this one.',
  silence: 'The other side fell silent.',
  'not-answered': 'The other side did not answer.',
  broken: 'The dialogue broke: messages could not be delivered in order.',
}

export function dialogueEnded(why: DialogueEnd): MystError {
  return new MystError('DialogueEnded', ENDS[why], { details: { end: why } })
}
