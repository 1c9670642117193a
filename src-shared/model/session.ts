import type { IdentityId } from './identity.ts'
import type { Proposal, ProposalFilter } from './proposal.ts'
import type { RefusalReason } from './refusal.ts'
import type { SessionEnd } from './session-end.ts'
import type { SignedRecord } from './signed-record.ts'
import type { Amount } from './units.ts'

export type Metering = { cost: Amount; bytesUp: bigint; bytesDown: bigint; durationMs: number }

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
 * The consumer's connection, drawn (what leads from one to the other: `session/connection.ts`):
 *
 *   disconnected ─connect→ connecting ─verified→ connected ─lost→ reconnecting ─verified→ connected
 *        ▲  ▲                  │ failed / cancel     │ disconnect      │ nobody left
 *        │  └─ disconnecting ◀─┴─────────────────────┴── disconnect ───┤
 *        └─────────────────────────── SOCKS ───────────────────────────┤
 *                            blocked ◀──────────────── OpenVPN ────────┘
 *
 * From `blocked` a disconnect leads to `disconnected`, which restores the internet, and a connect to
 * `connecting`. With the setting "lockdown", `blocked` stands wherever `disconnected` is drawn.
 */
export type ConnectionState =
  | { name: 'disconnected'; last?: ConnectionFailure }
  | ({ name: 'connecting' } & Progress)
  | {
      name: 'connected'
      proposal: Proposal
      live: LiveSession
      steps: StepRecord[]
      before?: SoFar
      /** What was tried first and did not work, and why, in one sentence. */
      tried?: { proposal: Proposal; why: string }
    }
  | ({
      name: 'reconnecting'
      /** What ended the session, in one sentence. */
      lost: string
      /** When it was lost. */
      sinceMs: number
      /** Counts from 1, up to `atMost`. */
      attempt: number
      atMost: number
      /** In a pause between two attempts: when the next one begins. */
      retryAtMs?: number
      /** Nothing leaves this machine meanwhile. */
      isBlocked: boolean
    } & Progress)
  | {
      name: 'blocked'
      /** Why nothing leaves this machine, in one sentence or two. */
      why: string
      sinceMs: number
      paid: Amount
      bill?: Bill
      /** What was asked for, to ask for it again; absent when another program's block was found. */
      again?: ProposalFilter
      /** Nothing was lost: so it is while nobody is connected and the setting is on. */
      isLockdown?: boolean
    }
  | { name: 'disconnecting'; proposal: Proposal }

/** One attempt with one provider, since `startedAtMs`. */
type Progress = { proposal: Proposal; step: ConnectStep; startedAtMs: number; steps: StepRecord[] }

export type StepRecord = { step: ConnectStep; durationMs: number }

/** What went wrong, in one sentence, and what it cost. `reason` when the peer refused. */
export type ConnectionFailure = {
  step?: ConnectStep
  end?: SessionEnd
  reason?: RefusalReason
  message: string
  paid: Amount
  bill?: Bill
}

/**
 * What a connection came to, over all its sessions. `ahead`: what its providers still have that was not used, also from
 * before; an honest one counts it the next time. `holders`: how many providers that is with.
 */
export type Bill = { used: Amount; ahead: Amount; holders: number }

/** Of the sessions before this one in the same connection: nobody was asked in between. */
export type SoFar = {
  used: Amount
  /** When the first of them began. */
  startedAtMs: number
  /** The last provider that was another one than now, and when it was lost. */
  lost?: { proposal: Proposal; atMs: number }
}

/** What the connection has cost since it was asked for, over all its sessions. */
export function costInAll({ live, before }: Extract<ConnectionState, { name: 'connected' }>): Amount {
  return live.cost + (before?.used ?? 0n)
}

/** When the connection was first there, over all its sessions. */
export function startedInAll({ live, before }: Extract<ConnectionState, { name: 'connected' }>): number {
  return before?.startedAtMs ?? live.startedAtMs
}

/** Whether all of the computer's traffic goes through a tunnel that stands: no proxy can be reached behind it. */
export function isBehindVpn(connection: ConnectionState): boolean {
  return connection.name === 'connected' && connection.proposal.serviceType === 'openvpn'
}

/** Whether another offer can take its place at once: it runs, or is being got back. */
export function isReplaceable({ name }: { name: string }): boolean {
  return name === 'connected' || name === 'reconnecting'
}

export type LiveSession = {
  sessionId: string
  provider: IdentityId
  startedAtMs: number
  /**
   * Where traffic leaves, as a third party saw it; absent when the network names no probe. `isProviders`: whether
   * that is the address at which the provider takes the tunnel; absent when they are of two families.
   */
  exit?: { address: string; country?: string; isProviders?: boolean }
  /** One's own counters. */
  bytesUp: bigint
  bytesDown: bigint
  /** The provider's last metering. */
  metered: Metering
  /** By this or by one's own counters, whichever is more: so it is reckoned at the end. */
  cost: Amount
  /** Paid ahead and not yet used, as this side reckons it. */
  leftover: Amount
  promised: Amount
  /** Why nothing more is paid ahead: unless that changes, the session ends when what is left is used up. */
  unpaid?: { reason?: RefusalReason | 'budget-used-up'; message: string }
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
  /** The consumer's: the country where its traffic left, as a third party saw it, or else as the offer says. */
  country?: string
  /** The consumer's: the program of the person's that it was for, by its name then. */
  program?: string
  /** `byBoth`: the last that both signed; `alone`: what this side signed since, and the other did not. */
  signed?: { byBoth?: SignedRecord; alone?: SignedRecord }
}

/**
 * `both`: of the whole session. `both-until`: of the session up to `byBoth.content.endedAtMs`; what came after is signed
 * by this side at most. `alone`: by this side only. `nobody`: it ended before there was anything, or is from before.
 */
export function howSigned({ signed }: Pick<SessionRecord, 'signed'>): 'both' | 'both-until' | 'alone' | 'nobody' {
  const { byBoth, alone } = signed ?? {}
  if (!byBoth) return alone ? 'alone' : 'nobody'
  return alone || byBoth.content.end === 'running' ? 'both-until' : 'both'
}
