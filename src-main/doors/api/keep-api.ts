import type { ApiState } from '#shared/contract/programs.ts'
import type { Settings } from '#shared/contract/settings.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import type { Programs } from '../../node/create-node.ts'
import type { Logger } from '../../node/lib/logger.ts'
import type { StateTree } from '../../node/state-tree.ts'
import { type Api, openApiDoor } from './api.ts'

/**
 * Opens and closes the local API as the settings say, from now on; `state.api` has its address, or why there is none.
 * `stop` closes it for good.
 */
export function keepApi(deps: { programs: Programs; state: StateTree; log: Logger }): { stop(): Promise<void> } {
  const { programs, state, log } = deps
  let open: { api: Api; port: number } | undefined
  let turn = Promise.resolve()
  let isStopped = false
  const show = (api: ApiState) => state.set({ api })

  async function follow({ programsApi, programsApiPort: port }: Settings): Promise<void> {
    const isWanted = programsApi && !isStopped
    if (isWanted && open?.port === port) return
    if (open) {
      await open.api.stop()
      open = undefined
    }
    show({})
    if (!isWanted) return
    try {
      const isUnlocked = () => state.get().identity.unlocked
      open = { port, api: await openApiDoor({ programs, isUnlocked, log }, { port }) }
      show({ address: open.api.address })
    } catch (error) {
      const { message } = toWire(error)
      log.warn(`the local API of programs is closed: ${message}`)
      show({ problem: message })
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
