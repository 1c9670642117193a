import type { IdentityId } from '#shared/model/identity.ts'
import type { CopiedProposal, ProposalFilter } from '#shared/model/proposal.ts'
import type { Bill, ConnectionFailure, ConnectionState, SoFar, StepRecord } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Logger } from '../../lib/logger.ts'
import type { Payments } from '../../payments/create-payments.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Dialogue, Dialogues } from '../../ports/dialogue.ts'
import type { ControlEndpoint, ServiceType } from '../../ports/service-type.ts'
import type { SessionRepository } from '../../storage/session-repository.ts'
import type { Records } from '../records.ts'
import type { Attempt } from './attempt.ts'
import type { Budget } from './budget.ts'
import type { ConsumerTiming } from './timing.ts'

export type ConnectionDeps = {
  dialogues: Dialogues
  payments: Payments
  serviceTypes: readonly ServiceType[]
  /** Where experience with providers is written down. */
  catalogue: {
    recordSession(provider: CopiedProposal['provider'], connectMs: number): void
    recordFailure(provider: CopiedProposal['provider']): void
    recordGone(offer: CopiedProposal): void
  }
  /** `http://` addresses that answer with the caller's address; none: the exit stays unknown. */
  probes: readonly string[]
  /** What else can be asked through a tunnel (`verify.ts`), with `probes` only. `isOwnResolver`: the person chose it. */
  checks?: { transfer?: string; resolver?: string; isOwnResolver?: boolean }
  /** Fetches from a probe outside of any tunnel. Default: node's own fetch. */
  fetchDirectly?: (url: string, signal: AbortSignal) => Promise<string>
  /** This machine's addresses in one text, to be compared with those of before. Default: what the system says. */
  localAddresses?: () => string
  controlEndpoints: readonly ControlEndpoint[]
  clock: Clock
  repository: SessionRepository
  records: Records
  log: Logger
  /** Lets the peer of a dialogue that was opened here buy in it too (identities are symmetrical). */
  serve?: (dialogue: Dialogue) => void
}

export type ConnectOptions = {
  /** In the place of the session that runs, which is closed first; nothing is let out in between. */
  instead?: boolean
  socksPort?: number
  /** What was asked for: shown when all is lost, so that it can be asked for again. */
  filter?: ProposalFilter
  /** Whom to try when the session is lost, as things are then; default: the candidates of the connect. */
  candidates?: () => readonly CopiedProposal[]
  /** The person's program that it is for, by its name: written down with its sessions. */
  program?: string
  /** Bounds what this connection may spend in all, whoever it is with. */
  budget?: Budget
  /** Told of each attempt as it begins: whoever else wants its provider can end it. */
  onAttempt?: (attempt: Attempt) => void
}

/** What the states share. */
export type Context = {
  deps: ConnectionDeps
  timing: ConsumerTiming
  /** The most that a provider may hold of ours unearned. */
  maxAtRisk: Amount
  options: ConnectOptions & Required<Pick<ConnectOptions, 'candidates'>>
  /** One's own address, as probes saw it before anything was tunnelled; undefined when nobody answered. */
  ownAddress(): Promise<string | undefined>
  show(state: ConnectionState): void
  /** Since when nothing leaves this machine, where that began before the guard was last raised for a tunnel. */
  closedAtMs?: number | undefined
  /** Of the attempts that are taken down. */
  spent: { used: Amount; ahead: Map<IdentityId, Amount> }
  /** Aborts with a `Stop` when the connection shall end. */
  signal: AbortSignal
}

/** Why this side ends: the reason of the abort signal. */
export type Stop = {
  end: Extract<SessionEnd, 'consumer-closed' | 'shutdown'>
  /** Another connection takes its place, so that the network stays as it is, and what is shown is of that one. */
  isReplaced?: boolean
}

/** Of the sessions before, in this connection; `soFar` when there was one. */
export type Before = {
  paid: Amount
  attempts: number
  soFar?: Omit<SoFar, 'used'>
  tried?: Extract<ConnectionState, { name: 'connected' }>['tried']
}

/** What a state hands to the next one. */
export type Transition =
  | { to: 'connecting'; candidates: readonly CopiedProposal[] }
  | { to: 'connected'; attempt: Attempt; steps: StepRecord[]; before: Before }
  | { to: 'reconnecting'; attempt: Attempt; failure: ConnectionFailure; before: Before }
  | { to: 'disconnecting'; attempt: Attempt; failure: ConnectionFailure }
  | { to: 'blocked'; failure: ConnectionFailure }
  | { to: 'disconnected'; last?: ConnectionFailure }

/** Nothing before anything was reached. */
export function billOf({ spent }: Pick<Context, 'spent'>): { bill?: Bill } {
  if (spent.ahead.size === 0) return {}
  const held = [...spent.ahead.values()].filter((one) => one > 0n)
  return { bill: { used: spent.used, ahead: held.reduce((sum, one) => sum + one, 0n), holders: held.length } }
}

/** Settles with `work`, or rejects at once when the signal aborts; `work` is then on its own. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** A signal that also aborts after `ms`; call `done` when it is no longer needed. */
export function withDeadline(clock: Clock, signal: AbortSignal, ms: number): { signal: AbortSignal; done: () => void } {
  const deadline = new AbortController()
  const cancel = clock.after(ms, () => deadline.abort(new Error('too late')))
  return { signal: AbortSignal.any([signal, deadline.signal]), done: cancel }
}
