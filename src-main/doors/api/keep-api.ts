import type { ApiState } from '#shared/contract/programs.ts'
import type { Settings } from '#shared/contract/settings.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import type { Programs } from '../../node/create-node.ts'
import type { Logger } from '../../node/lib/logger.ts'
import type { StateTree } from '../../node/state-tree.ts'
import { type Api, openApiDoor } from './api.ts'

/** Another program may have the port now, and be gone soon. */
const TRY_AGAIN_MS = 5_000

/**
 * Opens and closes the local API as the settings say, from now on, and tries again where that failed; `state.api` has its
 * address, or why there is none. `stop` closes it for good.
 */
export function keepApi(deps: { programs: Programs; state: StateTree; log: Logger }): { stop(): Promise<void> } {
  const { programs, state, log } = deps
  let open: { api: Api; port: number } | undefined
  let turn = Promise.resolve()
  let isStopped = false
  let again: NodeJS.Timeout | undefined
  const show = (api: ApiState) => state.set({ api })

  async function follow({ programsApi, programsApiPort: port }: Settings): Promise<void> {
    clearTimeout(again)
    const isWanted = programsApi && !isStopped
    if (isWanted && open?.port === port) return
    if (open) {
      await open.api.stop()
      open = undefined
    }
    if (!isWanted) return show({})
    try {
      const isUnlocked = () => state.get().identity.unlocked
      open = { port, api: await openApiDoor({ programs, isUnlocked, log }, { port }) }
      show({ address: open.api.address })
    } catch (error) {
      const { message } = toWire(error)
      if (state.get().api.problem !== message) log.warn(`the local API of programs is closed: ${message}`)
      show({ problem: message })
      again = setTimeout(() => void look(), TRY_AGAIN_MS).unref()
    }
  }
  const look = () => {
    turn = turn.then(() => follow(state.get().settings))
    return turn
  }
  const off = state.subscribe((message) => {
    if (message.kind === 'delta' && message.set.settings) void look()
  })
  void look()

  return {
    async stop() {
      isStopped = true
      off()
      await look()
    },
  }
}
