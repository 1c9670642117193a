import type { IdentityId } from './identity.ts'
import type { Proposal } from './proposal.ts'
import type { RefusalReason } from './refusal.ts'
import type { Amount } from './units.ts'

export type Metering = { cost: Amount; bytesUp: bigint; bytesDown: bigint; durationMs: number }

/** Every cause that ends a session; exactly one is recorded per session. */
export type SessionEnd =
  | 'consumer-closed'
  | 'provider-closed'
  | 'leftover-exhausted'
  | 'outside-hours'
  | 'volume-used-up'
  | 'dialogue-ended'
  | 'tunnel-failed'
  | 'metering-disputed'
  | 'overpriced'
  | 'not-verified'
  | 'shutdown'

/** The steps a person sees while connecting, in this order (UI: "the steps as they happen"). */
export const CONNECT_STEPS = [
  'reach-provider',
  'agree-payment',
  'open-session',
  'start-tunnel',
  'verify-traffic',
] as const
export type ConnectStep = (typeof CONNECT_STEPS)[number]

/**
 * The consumer's connection, drawn:
 *
 *   disconnected ─connect→ connecting ─verified→ connected ─┐
 *        ▲                    │ failed / cancel             │ disconnect / end
 *        └── disconnecting ◀──┴─────────────────────────────┘
 */
export type ConnectionState =
  | { name: 'disconnected'; last?: ConnectionFailure }
  | { name: 'connecting'; proposal: Proposal; step: ConnectStep; startedAtMs: number; steps: StepRecord[] }
  | { name: 'connected'; proposal: Proposal; live: LiveSession; steps: StepRecord[] }
  | { name: 'disconnecting'; proposal: Proposal }

export type StepRecord = { step: ConnectStep; durationMs: number }

/** What went wrong, in one sentence, and what it cost. `reason` when the peer refused. */
export type ConnectionFailure = {
  step?: ConnectStep
  end?: SessionEnd
  reason?: RefusalReason
  message: string
  paid: Amount
}

export type LiveSession = {
  sessionId: string
  provider: IdentityId
  startedAtMs: number
  /** Where traffic leaves, as a third party saw it; absent when the network names no probe. */
  exit?: { address: string; country?: string }
  /** One's own counters. */
  bytesUp: bigint
  bytesDown: bigint
  /** The provider's last metering. */
  metered: Metering
  /** Paid ahead and not yet used, as this side reckons it. */
  leftover: Amount
  promised: Amount
  socksPort?: number
  rateBps: { up: number; down: number }
}

/** A session as the provider sees it. */
export type ServedSession = {
  sessionId: string
  consumer: IdentityId
  serial: number
  serviceType: Proposal['serviceType']
  startedAtMs: number
  metering: Metering
  leftover: Amount
}

/** What stays of a session on either side. */
export type SessionRecord = {
  sessionId: string
  role: 'consumer' | 'provider'
  peer: IdentityId
  serial: number
  serviceType: Proposal['serviceType']
  startedAtMs: number
  endedAtMs?: number
  end?: SessionEnd
  metering: Metering
}
