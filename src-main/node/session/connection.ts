import { MystError } from '#shared/errors/myst-error.ts'
import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'

import { type Attempt, paidIn } from './consumer/attempt.ts'
import { blocked, lockedDown } from './consumer/blocked.ts'
import { connected } from './consumer/connected.ts'
import { connecting } from './consumer/connecting.ts'
import {
  CONSUMER_TIMING,
  type ConnectionDeps,
  type ConnectOptions,
  type ConsumerTiming,
  type Context,
  type Stop,
  type Transition,
} from './consumer/context.ts'
import { disconnected, openNetwork } from './consumer/disconnected.ts'
import { disconnecting } from './consumer/disconnecting.ts'
import { fetchDirectly, seenAddress } from './consumer/probe.ts'
import { reconnecting } from './consumer/reconnecting.ts'

export type Connection = {
  readonly state: ConnectionState
  onChange(handle: (state: ConnectionState) => void): () => void
  /**
   * Starts trying the candidates in order; progress and result are in the state. Throws
   * `AlreadyConnected` unless disconnected or blocked, `NoProposal` without candidates.
   */
  connect(candidates: readonly CopiedProposal[], options?: ConnectOptions): void
  /**
   * Cancels or ends, at once, in any state, and restores the internet unless lockdown is on. Resolves when everything is taken down;
   * rejects, and stays `blocked`, when the network could not be opened. A block that an earlier program left is
   * not opened by `shutdown`.
   */
  disconnect(end?: Stop['end']): Promise<void>
  /** A setting raised or opened the guard: the state says so, unless there is a connection. */
  restate(): void
}

/**
 * The consumer's connection (whitepaper 6.4.4, 6.6.3), drawn:
 *
 *                     ┌──────── next candidate ───────┐
 *                     ▼                               │ failed
 *   disconnected ─▸ connecting: reach-provider ▸ agree-payment ▸ open-session ▸ start-tunnel ▸ verify-traffic
 *     ▲    ▲            │ none left         │ cancel                                            │ verified
 *     │    └────────────┘                   │                                                   ▼
 *     ├── disconnecting ◀───────────────────┴──────────── the person, the end of the program ── connected
 *     │        ▲                                                                                ▲   │ lost, stalled,
 *     │        │ cancel                                                                verified │   │ closed, disputed
 *     │        └─────────────────── reconnecting: the steps again, the same provider first ─────┘ ◀─┘
 *     │                                  │ none left
 *     ├── without a guard (SOCKS) ───────┤
 *     │                                  ▼ with a guard (OpenVPN)
 *     └── the person's disconnect ──── blocked ── connect ─▸ connecting
 *
 * One file per state in `consumer/`; each takes what the one before hands over and returns what comes
 * next. The guard is raised by the service before its tunnel starts and is opened on the way into
 * `disconnected` only, so that nothing leaves between two attempts. After a defect of ours, and when an
 * earlier program left the guard standing, the state is `blocked` too.
 *
 * Reconnecting is bounded (attempts, with pauses), starts with the same provider unless it took its leave,
 * and never returns to one that metered or charged wrongly, gave nothing, or let what was paid run out.
 * Paid until "verified": one first small promise per candidate. Never promised and unearned, by
 * one's own reckoning: more than `maxAtRisk` per provider.
 */
export function createConnection(
  deps: ConnectionDeps,
  options: { maxAtRisk: Amount; timing?: Partial<ConsumerTiming> },
): Connection {
  const listeners = new Set<(state: ConnectionState) => void>()
  const timing = { ...CONSUMER_TIMING, ...options.timing }
  let state = stateAtStart(deps)
  let running: { abort: AbortController; done: Promise<void> } | undefined

  const show = (next: ConnectionState) => {
    state = next
    // Who hears of these two may connect at once.
    if (next.name === 'disconnected' || next.name === 'blocked') running = undefined
    for (const listener of [...listeners]) listener(next)
  }

  /** A defect of ours: what an attempt holds is taken down all the same, and nothing is let out. */
  const defect =
    (attempt?: Attempt) =>
    (error: unknown): Transition => {
      deps.log.error(`the connection failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
      const message = 'The connection failed for a reason that is in the log.'
      const failure = { message, paid: attempt ? paidIn(attempt) : 0n }
      const isGuarded = deps.serviceTypes.some(({ guard }) => guard?.stands)
      // With nobody to try it takes the session down and then says how things are.
      if (attempt) return { to: 'reconnecting', attempt, failure, before: { paid: 0n, attempts: Infinity } }
      return isGuarded ? { to: 'blocked', failure } : { to: 'disconnected', last: failure }
    }

  async function run(candidates: readonly CopiedProposal[], connectOptions: ConnectOptions, signal: AbortSignal) {
    let own: Promise<string | undefined> | undefined
    const context: Context = {
      ...{ deps, timing, maxAtRisk: options.maxAtRisk, show, signal },
      spent: { used: 0n, ahead: new Map() },
      options: { candidates: () => candidates, ...connectOptions },
      // Once, and before anything is tunnelled: behind the guard there is nobody to ask.
      ownAddress() {
        own ??= seenAddress({ deps }, deps.fetchDirectly ?? fetchDirectly, signal, timing.directProbeMs).catch(
          () => undefined,
        )
        return own
      },
    }
    let next: Transition | undefined = { to: 'connecting', candidates }
    while (next) next = await step(context, next)
  }

  async function step(context: Context, next: Transition): Promise<Transition | undefined> {
    switch (next.to) {
      case 'connecting':
        return connecting(context, next).catch(defect())
      case 'connected':
        return connected(context, next).catch(defect(next.attempt))
      case 'reconnecting':
        return reconnecting(context, next).catch(defect())
      case 'disconnecting':
        return disconnecting(context, next).catch(defect())
      case 'blocked':
        if (context.signal.aborted) return { to: 'disconnected', last: next.failure }
        blocked(context, next.failure)
        return undefined
      case 'disconnected':
        await disconnected(context, next)
        return undefined
    }
  }

  async function restore(): Promise<void> {
    try {
      await openNetwork(deps)
    } catch (error) {
      running = undefined
      throw error
    }
    show(stateAtStart(deps))
  }

  return {
    get state() {
      return state
    },
    onChange(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
    connect(candidates, connectOptions = {}) {
      if (running) throw new MystError('AlreadyConnected', 'There is a connection already; disconnect it first.')
      const usable = state.name === 'blocked' ? candidates.filter(isGuarded(deps)) : candidates
      if (usable.length === 0) {
        throw candidates.length > 0
          ? new MystError('NoProposal', 'Restore the internet first: a proxy cannot be reached while it is blocked.')
          : new MystError('NoProposal', 'No proposal matches; loosen the filters, or wait until the chain is copied.')
      }
      const abort = new AbortController()
      running = { abort, done: run(usable, connectOptions, abort.signal) }
    },
    async disconnect(end = 'consumer-closed') {
      running?.abort.abort({ end } satisfies Stop)
      await running?.done
      const isOurs = !deps.serviceTypes.some(({ guard }) => guard?.stands?.isInherited)
      if (state.name !== 'blocked' || (end === 'shutdown' && !isOurs)) return
      running = { abort: new AbortController(), done: restore() }
      await running.done
    },
    restate() {
      const next = stateNow(deps, state)
      if (!running && next !== state) show(next)
    },
  }
}

const isGuarded =
  ({ serviceTypes }: Pick<ConnectionDeps, 'serviceTypes'>) =>
  ({ serviceType }: CopiedProposal): boolean =>
    serviceTypes.some(({ name, guard }) => name === serviceType && guard)

/** What holds while nobody is connected: `before`, unless the guard was raised or opened since. */
export function stateNow(deps: Pick<ConnectionDeps, 'serviceTypes'>, before: ConnectionState): ConnectionState {
  const now = stateAtStart(deps)
  return now.name === before.name ? before : now
}

/** What an earlier program left: the guard outlives it. */
export function stateAtStart({ serviceTypes }: Pick<ConnectionDeps, 'serviceTypes'>): ConnectionState {
  const locked = lockedDown({ serviceTypes })
  if (locked) return locked
  const sinceMs = serviceTypes.find(({ guard }) => guard?.stands)?.guard?.stands?.sinceMs
  if (sinceMs === undefined) return { name: 'disconnected' }
  const why = 'The program ended while it protected your traffic, so nothing is let out until you say so.'
  return { name: 'blocked', why, sinceMs, paid: 0n }
}
