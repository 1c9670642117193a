import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { ConnectionFailure, ConnectionState, SessionEnd } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Logger } from '../../lib/logger.ts'
import type { Payments } from '../../payments/create-payments.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Dialogue, Dialogues } from '../../ports/dialogue.ts'
import type { ServiceType } from '../../ports/service-type.ts'
import type { SessionRepository } from '../../storage/session-repository.ts'
import type { Attempt } from './attempt.ts'

export type ConnectionDeps = {
  dialogues: Dialogues
  payments: Payments
  serviceTypes: readonly ServiceType[]
  /** Where experience with providers is written down. */
  catalogue: {
    recordSession(provider: CopiedProposal['provider'], connectMs: number): void
    recordFailure(provider: CopiedProposal['provider']): void
  }
  /** `http://` addresses that answer with the caller's address; none: the exit stays unknown. */
  probes: readonly string[]
  /** Fetches from a probe outside of any tunnel. Default: node's own fetch. */
  fetchDirectly?: (url: string, signal: AbortSignal) => Promise<string>
  controlAddresses: readonly string[]
  clock: Clock
  repository: SessionRepository
  log: Logger
  /** Lets the peer of a dialogue that was opened here buy in it too (identities are symmetrical). */
  serve?: (dialogue: Dialogue) => void
}

/** All in milliseconds. */
export type ConsumerTiming = {
  /** Own counters, rates and the decision to pay. */
  tickMs: number
  adviceMs: number
  startMs: number
  /** One probe, through the tunnel or directly. */
  probeMs: number
  directProbeMs: number
  /** Metering beyond the tolerance is looked at again so much later: what it counted may be on the way. */
  recheckMs: number
  /** How long nothing may come back before the tunnel is looked at, and before payments stop growing. */
  stallMs: number
  /** After a payment that was not taken. */
  payRetryMs: number
  /** How long the last metering is awaited when disconnecting. */
  closeMs: number
}

export const CONSUMER_TIMING: ConsumerTiming = {
  tickMs: 1_000,
  adviceMs: 10_000,
  startMs: 60_000,
  probeMs: 10_000,
  directProbeMs: 3_000,
  recheckMs: 2_000,
  stallMs: 20_000,
  payRetryMs: 5_000,
  closeMs: 3_000,
}

export type ConnectOptions = { socksPort?: number }

/** What the states share. */
export type Context = {
  deps: ConnectionDeps
  timing: ConsumerTiming
  /** The most that a provider may hold of ours unearned. */
  maxAtRisk: Amount
  show(state: ConnectionState): void
  /** Aborts with a `Stop` when the connection shall end. */
  signal: AbortSignal
}

/** Why this side ends: the reason of the abort signal. */
export type Stop = { end: Extract<SessionEnd, 'consumer-closed' | 'shutdown'> }

/** What a state hands to the next one. */
export type Transition =
  | { to: 'connecting'; candidates: readonly CopiedProposal[]; options: ConnectOptions }
  | { to: 'connected'; attempt: Attempt; steps: Extract<ConnectionState, { name: 'connected' }>['steps'] }
  | { to: 'disconnecting'; attempt: Attempt; failure: ConnectionFailure }
  | { to: 'disconnected'; last?: ConnectionFailure }

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
