import type { ProposalView } from '#shared/contract/answers.ts'
import type { Handlers } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import type { StateTree } from '../node/state-tree.ts'

/** To whom the tray offers to connect, beside the best: the provider of last time, and preferred ones. */
export type TrayChoices = {
  last: Pick<SessionRecord, 'peer' | 'serviceType'> | undefined
  favourites: ProposalView[]
}

export const NO_CHOICES: TrayChoices = { last: undefined, favourites: [] }

const MOST_FAVOURITES = 8
const SESSIONS_BACK = 100
/** The list of offers may change with every block; nobody sees that in a menu that is closed. */
const REFRESH_MS = 5_000

/** Asks the node at first and whenever the answer could be another; `show` has what it said. */
export function followChoices(deps: {
  state: Pick<StateTree, 'get' | 'subscribe'>
  handlers: Pick<Handlers, 'sessions.list' | 'proposals.query'>
  show(choices: TrayChoices): void
}): void {
  const { state, handlers, show } = deps
  let seen: string | undefined
  let due: NodeJS.Timeout | undefined

  async function refresh(): Promise<void> {
    const [sessions, offers] = await Promise.all([
      handlers['sessions.list']({ limit: SESSIONS_BACK }),
      // Preferred ones come first.
      handlers['proposals.query']({ limit: MOST_FAVOURITES }),
    ])
    show({
      last: sessions.find(({ role }) => role === 'consumer'),
      favourites: offers.filter(({ preferred, own }) => preferred && !own),
    })
  }
  function look(waitMs: number): void {
    const now = keyOf(state.get())
    if (now === seen || due) return
    due = setTimeout(() => {
      due = undefined
      seen = keyOf(state.get())
      // Without a network there is nothing to choose from.
      refresh().catch(() => show(NO_CHOICES))
    }, waitMs).unref()
  }
  look(0)
  state.subscribe(() => look(REFRESH_MS))
}

const keyOf = ({ connection, identity, proposals }: AppState) =>
  JSON.stringify([connection.name, identity.active, identity.unlocked, proposals.revision])
