/**
 * Every bound of messages and dialogues in one place, each with its reason. Times are milliseconds,
 * sizes bytes. What a test or an operator may change comes in by injection (`limits`, `timing`).
 */

/** A relay may fan out to slow links; 16 KiB carries session data with certificates in one piece. */
export const MAX_DATAGRAM = 16_384

/** The largest message after reassembly: far above any of ours, small enough to hold one per peer. */
export const MAX_MESSAGE = 131_072

/** Message types are our own short words. */
export const MAX_TYPE_LENGTH = 40

/** What is passed to a dialogue and not acknowledged yet; more is refused with `DialogueBusy`. */
export const MAX_QUEUED_MESSAGES = 256

/** Data packets in flight per direction: also the width of the selective acknowledgement. */
export const WINDOW = 32

/** Packet numbers remembered per dialogue and direction; older ones count as repeated. */
export const REPLAY_WINDOW = 1_024

/** Handlers of one dialogue at work at once; further messages wait in the receive window. */
export const MAX_HANDLERS_AT_WORK = 64

/** Contacts in a dialogue-open, and how long an address may be. */
export const MAX_CONTACTS = 8
export const MAX_ADDRESS_LENGTH = 200

/** Dialogues being accepted at a time, over all peers, and open ones. */
export const MAX_ACCEPTING = 64
export const MAX_DIALOGUES = 1_024

/** In one promise-inquiry or promise-report: each costs a signature check of about 2 ms. */
export const MAX_PROMISES_TOLD = 32

/** From one peer, in milliseconds between two inquiries; less is refused. */
export const INQUIRY_INTERVAL_MS = 15_000

export type MessagingLimits = {
  /** Clocks of private computers are off by minutes; together with replay protection this is enough. */
  timeWindowMs: number
  /**
   * Token buckets in front of public-key work (one message costs about 5 ms): everybody who is not in
   * a dialogue with us together, each of them, and each peer in a dialogue.
   */
  strangers: { perSecond: number; burst: number }
  stranger: { perSecond: number; burst: number }
  peer: { perSecond: number; burst: number }
  /** Senders with a bucket of their own; the one not heard for the longest is forgotten. */
  maxSenders: number
}

export const MESSAGING_LIMITS: MessagingLimits = {
  timeWindowMs: 180_000,
  strangers: { perSecond: 20, burst: 60 },
  stranger: { perSecond: 2, burst: 10 },
  peer: { perSecond: 50, burst: 200 },
  maxSenders: 4_096,
}

export type DialogueTiming = {
  /** Sent when nothing else was for this long (whitepaper 6.6.1). */
  keepAliveMs: number
  /** Nothing received for this long: the dialogue is over. */
  silenceMs: number
  /** RFC 6298: first value, floor and ceiling of the retransmission timer. */
  rtoInitialMs: number
  rtoMinMs: number
  rtoMaxMs: number
  /** An acknowledgement waits this long for something to travel with; 0: it never waits. */
  ackDelayMs: number
  /** How long `open` tries, unless told otherwise. */
  openMs: number
  /** How long an accepted opening may stay unconfirmed. */
  acceptingMs: number
  /** How long `close` waits for the peer's acknowledgement. */
  closeMs: number
  /** How long `request` waits, unless told otherwise. */
  requestMs: number
}

export const DIALOGUE_TIMING: DialogueTiming = {
  keepAliveMs: 15_000,
  silenceMs: 60_000,
  rtoInitialMs: 1_000,
  rtoMinMs: 500,
  rtoMaxMs: 5_000,
  ackDelayMs: 30,
  openMs: 15_000,
  acceptingMs: 30_000,
  closeMs: 2_000,
  requestMs: 30_000,
}
