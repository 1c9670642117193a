import type { AppState } from '#shared/contract/state.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import type { StateTree } from './state-tree.ts'

/**
 * Does something once after the start, as soon as an identity is unlocked and the network answers; until then `show`
 * has what it waits for, and afterwards why it was not done. Returns what gives it up: a person who acts herself has
 * decided.
 */
export function onceReady(deps: {
  state: StateTree
  /** Of a sentence: "Connecting" waits. */
  what: 'Connecting' | 'Sharing'
  act(): Promise<void>
  show(problem: string | undefined): void
}): () => void {
  const { state, what, act, show } = deps
  const given = new AbortController()

  async function run(): Promise<void> {
    for (let before = obstacle(state.get(), what); before !== undefined; before = obstacle(state.get(), what)) {
      const shown = before
      show(shown)
      await state.when((now) => obstacle(now, what) !== shown, given.signal)
    }
    given.signal.throwIfAborted()
    show(undefined)
    await act()
  }

  run().catch((error: unknown) => show(given.signal.aborted ? undefined : toWire(error).message))
  return () => given.abort()
}

function obstacle({ identity, network }: AppState, what: string): string | undefined {
  if (!identity.unlocked) return `${what} waits until you unlock your identity.`
  if (network.chain !== 'online') return `${what} waits for the chain.`
  if (identity.registration !== 'registered') return `${what} waits until your identity is registered.`
  if (network.broker !== 'online') return `${what} waits for the message broker.`
  return undefined
}
