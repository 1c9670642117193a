import type { AppState } from '#shared/contract/state.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import type { ProposalFilter } from '#shared/model/proposal.ts'
import type { StateTree } from './state-tree.ts'

/**
 * Connects once after the start, as soon as an identity is unlocked and the network answers; until then `show` has
 * what it waits for. Returns what gives it up: a person who connects or disconnects herself has decided.
 */
export function connectOnStart(deps: {
  state: StateTree
  /** What to connect to; undefined: there is no last provider. */
  filter(): ProposalFilter | undefined
  connect(filter: ProposalFilter): Promise<void>
  show(problem: string | undefined): void
}): () => void {
  const { state, show } = deps
  const given = new AbortController()

  async function run(): Promise<void> {
    for (let before = obstacle(state.get()); before !== undefined; before = obstacle(state.get())) {
      const shown = before
      show(shown)
      await state.when((now) => obstacle(now) !== shown, given.signal)
    }
    given.signal.throwIfAborted()
    show(undefined)
    const { name } = state.get().connection
    if (name !== 'disconnected' && name !== 'blocked') return
    const filter = deps.filter()
    if (filter) await deps.connect(filter)
    else show('You have not connected to anybody yet, so there is no last provider.')
  }

  run().catch((error: unknown) => show(given.signal.aborted ? undefined : toWire(error).message))
  return () => given.abort()
}

function obstacle({ identity, network }: AppState): string | undefined {
  if (!identity.unlocked) return 'Connecting waits until you unlock your identity.'
  if (network.chain !== 'online') return 'Connecting waits for the chain.'
  if (identity.registration !== 'registered') return 'Connecting waits until your identity is registered.'
  if (network.broker !== 'online') return 'Connecting waits for the message broker.'
  return undefined
}
