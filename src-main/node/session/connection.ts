import { MystError } from '#shared/errors/myst-error.ts'
import type { CopiedProposal } from '#shared/model/proposal.ts'
import { type ConnectionState, isReplaceable } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'

import { type Attempt, paidIn } from './consumer/attempt.ts'
import { blocked, lockedDown } from './consumer/blocked.ts'
import { connected } from './consumer/connected.ts'
import { connecting } from './consumer/connecting.ts'
import type { ConnectionDeps, ConnectOptions, Context, Stop, Transition } from './consumer/context.ts'
import { disconnected, openNetwork } from './consumer/disconnected.ts'
import { disconnecting } from './consumer/disconnecting.ts'
import { fetchDirectly, seenAddress } from './consumer/probe.ts'
import { reconnecting } from './consumer/reconnecting.ts'
import { CONSUMER_TIMING, type ConsumerTiming } from './consumer/timing.ts'

export type Connection = {
  readonly state: ConnectionState
  onChange(handle: (state: ConnectionState) => void): () => void
  /**
   * Starts trying the candidates in order; progress and result are in the state. Throws
   * `AlreadyConnected` unless disconnected or blocked, or `instead` of what is connected or being reconnected;
   * `NoProposal` without candidates.
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
 *     └── the person's disconnect ──── blocked ── connect ─▸ connecting ◂─ another one instead ── connected, reconnecting
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
  let running: Running | undefined

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

  /** Once, and before anything is tunnelled: behind the guard there is nobody to ask. */
  function ownAddressOnce(signal: AbortSignal): Context['ownAddress'] {
    let own: Promise<string | undefined> | undefined
    return () => {
      own ??= seenAddress({ deps }, deps.fetchDirectly ?? fetchDirectly, signal, timing.directProbeMs).catch(
        () => undefined,
      )
      return own
    }
  }

  async function run(
    candidates: readonly CopiedProposal[],
    connectOptions: ConnectOptions,
    { abort: { signal }, ownAddress, closedAtMs }: Omit<Running, 'done'>,
  ): Promise<void> {
    const context: Context = {
      ...{ deps, timing, maxAtRisk: options.maxAtRisk, signal, ownAddress, closedAtMs },
      show: (next) => isReplaced(signal) || show(next),
      spent: { used: 0n, ahead: new Map() },
      options: { candidates: () => candidates, ...connectOptions },
    }
    let next: Transition | undefined = { to: 'connecting', candidates }
    while (next && !(isReplaced(signal) && (next.to === 'disconnected' || next.to === 'blocked'))) {
      next = await step(context, next)
    }
  }

  /** Ends the session that runs and shows the first step of what comes instead, so that there is no moment between. */
  function replace(before: Running, [first]: readonly CopiedProposal[]): Promise<void> {
    before.abort.abort({ end: 'consumer-closed', isReplaced: true } satisfies Stop)
    if (first) {
      const startedAtMs = deps.clock.now()
      show({ name: 'connecting', proposal: first, step: 'reach-provider', startedAtMs, steps: [] })
    }
    return before.done
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
      const before = running
      if (before && !(connectOptions.instead && isReplaceable(state))) {
        throw new MystError('AlreadyConnected', 'There is a connection already; disconnect it first.')
      }
      const isClosed = deps.serviceTypes.some(({ guard }) => guard?.stands)
      const usable = isClosed ? candidates.filter(isGuarded(deps)) : candidates
      if (usable.length === 0) {
        const missing = 'No proposal matches; loosen the filters, or wait until the chain is copied.'
        const behind = `${before ? 'Disconnect' : 'Restore the internet'} first: a proxy cannot be reached while it is blocked.`
        throw new MystError('NoProposal', candidates.length > 0 ? behind : missing)
      }
      const abort = new AbortController()
      const next = {
        abort,
        ownAddress: before?.ownAddress ?? ownAddressOnce(abort.signal),
        closedAtMs: 'sinceMs' in state ? state.sinceMs : before && deps.clock.now(),
      }
      running = { ...next, done: Promise.resolve() }
      const over = before ? replace(before, usable) : undefined
      running.done = over ? over.then(() => run(usable, connectOptions, next)) : run(usable, connectOptions, next)
    },
    async disconnect(end = 'consumer-closed') {
      running?.abort.abort({ end } satisfies Stop)
      await running?.done
      const isOurs = !deps.serviceTypes.some(({ guard }) => guard?.stands?.isInherited)
      if (state.name !== 'blocked' || (end === 'shutdown' && !isOurs)) return
      running = { abort: new AbortController(), ownAddress: async () => undefined, done: restore() }
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

/** `ownAddress` is that of before anything was tunnelled, also for what takes its place. */
type Running = Pick<Context, 'ownAddress' | 'closedAtMs'> & { abort: AbortController; done: Promise<void> }

const isReplaced = (signal: AbortSignal): boolean => signal.aborted && (signal.reason as Stop).isReplaced === true

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
