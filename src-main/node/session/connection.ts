import { MystError } from '#shared/errors/myst-error.ts'
import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'

import { type Attempt, paidIn } from './consumer/attempt.ts'
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
import { disconnected } from './consumer/disconnected.ts'
import { disconnecting } from './consumer/disconnecting.ts'

export type Connection = {
  readonly state: ConnectionState
  onChange(handle: (state: ConnectionState) => void): () => void
  /**
   * Starts trying the candidates in order; progress and result are in the state. Throws
   * `AlreadyConnected` unless disconnected, `NoProposal` without candidates.
   */
  connect(candidates: readonly CopiedProposal[], options?: ConnectOptions): void
  /** Cancels or ends, at once, in any state. Resolves when everything is taken down. */
  disconnect(end?: Stop['end']): Promise<void>
}

/**
 * The consumer's connection (whitepaper 6.4.4, 6.6.3), drawn:
 *
 *                     ┌──────── next candidate ───────┐
 *                     ▼                               │ failed
 *   disconnected ─▸ connecting: reach-provider ▸ agree-payment ▸ open-session ▸ start-tunnel ▸ verify-traffic
 *        ▲              │ none left                   │ cancel                                    │ verified
 *        ├──────────────┘                             ▼                                           ▼
 *        └──────────────────────────────────── disconnecting ◀── person, provider, dialogue, ── connected
 *                                                                tunnel, metering, leftover
 *
 * One file per state in `consumer/`; each takes what the one before hands over and returns what comes
 * next. Paid until "verified": one first small promise per candidate. Never promised and unearned, by
 * one's own reckoning: more than `maxAtRisk` per provider.
 */
export function createConnection(
  deps: ConnectionDeps,
  options: { maxAtRisk: Amount; timing?: Partial<ConsumerTiming> },
): Connection {
  const listeners = new Set<(state: ConnectionState) => void>()
  let state: ConnectionState = { name: 'disconnected' }
  let running: { abort: AbortController; done: Promise<void> } | undefined

  const show = (next: ConnectionState) => {
    state = next
    for (const listener of [...listeners]) listener(next)
  }

  /** A defect of ours in the middle of a session: the tunnel comes down all the same. */
  const defect =
    (attempt: Attempt) =>
    (error: unknown): Transition => {
      deps.log.error(`the connection failed: ${error instanceof Error ? error.message : String(error)}`)
      const message = 'The connection failed for a reason that is in the log.'
      return { to: 'disconnecting', attempt, failure: { message, paid: paidIn(attempt) } }
    }

  async function run(first: Transition, signal: AbortSignal): Promise<void> {
    const timing = { ...CONSUMER_TIMING, ...options.timing }
    const context: Context = { deps, timing, maxAtRisk: options.maxAtRisk, show, signal }
    let next = first
    while (next.to !== 'disconnected') {
      switch (next.to) {
        case 'connecting':
          next = await connecting(context, next)
          break
        case 'connected':
          next = await connected(context, next).catch(defect(next.attempt))
          break
        case 'disconnecting':
          next = await disconnecting(context, next)
          break
      }
    }
    running = undefined
    disconnected(context, next)
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
      const first = candidates[0]
      if (running) throw new MystError('AlreadyConnected', 'There is a connection already; disconnect it first.')
      if (!first) throw new MystError('NoProposal', 'No proposal matches; loosen the filters.')
      const abort = new AbortController()
      const done = run({ to: 'connecting', candidates, options: connectOptions }, abort.signal).catch(
        (error: unknown) => {
          // A defect of ours: the state must not stay as if something were running.
          deps.log.error(
            `the connection failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          )
          running = undefined
          show({
            name: 'disconnected',
            last: { message: 'The connection failed for a reason that is in the log.', paid: 0n },
          })
        },
      )
      running = { abort, done }
    },
    async disconnect(end = 'consumer-closed') {
      running?.abort.abort({ end } satisfies Stop)
      await running?.done
    },
  }
}
