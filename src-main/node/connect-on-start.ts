import type { ProposalFilter } from '#shared/model/proposal.ts'
import { onceReady } from './once-ready.ts'
import type { StateTree } from './state-tree.ts'

/** Connects once after the start; returns what gives it up. */
export function connectOnStart(deps: {
  state: StateTree
  /** What to connect to; undefined: there is no last provider. */
  filter(): ProposalFilter | undefined
  connect(filter: ProposalFilter): Promise<void>
  show(problem: string | undefined): void
}): () => void {
  const { state, show } = deps
  return onceReady({
    ...{ state, what: 'Connecting', show },
    async act() {
      const { name } = state.get().connection
      if (name !== 'disconnected' && name !== 'blocked') return
      const filter = deps.filter()
      if (filter) await deps.connect(filter)
      else show('You have not connected to anybody yet, so there is no last provider.')
    },
  })
}
