import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'
import type { Handlers } from '#shared/contract/commands.ts'
import type { ShellState } from '#shared/contract/shell.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../node/lib/logger.ts'
import type { StateTree } from '../node/state-tree.ts'
import { ask, tell } from './dialogs.ts'
import { whatStops } from './glance.ts'
import { startWithComputer } from './start-with-computer.ts'
import { openUpdater } from './update-feed.ts'
import { createUpdates, type Updates } from './updates.ts'

export type ShellHandlers = Pick<Handlers, 'shell.set' | 'shell.update'>

/** The branch `shell` of the state, and the commands that change it: what is the app's and not the node's. */
export async function openShell(
  deps: { state: StateTree; log: Logger; end(): Promise<void>; fail(error: unknown): void },
  /** The home, when it is not the usual one. */
  home: string,
): Promise<{ handlers: ShellHandlers; updates: Updates | undefined }> {
  const { state, log, end, fail } = deps
  const start = startWithComputer({
    app,
    platform: process.platform,
    program: process.env.APPIMAGE ?? process.execPath,
    args: home === '' ? [] : [`--home=${home}`],
    configHome: process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'),
  })
  const show = (change: Partial<ShellState>) =>
    state.set({ shell: { startWithComputer: start.isOn(), ...state.get().shell, ...change } })
  show({})

  const updater = await openUpdater()
  const updates =
    updater &&
    createUpdates({
      ...{ updater, ask, tell, end, fail, log: log.of('update') },
      show: (update) => show({ update }),
      whatStops: () => whatStops(state.get()),
    })

  const handlers: ShellHandlers = {
    async 'shell.set'({ startWithComputer: isOn }) {
      await start.set(isOn)
      show({ startWithComputer: start.isOn() })
      return null
    },
    async 'shell.update'({ step }) {
      if (!updates) throw new MystError('NoUpdateFeed', 'This copy of Mysterium knows of no place with updates.')
      if (step === 'check') await updates.check(true)
      else if (step === 'download') await updates.download()
      else await updates.install()
      return null
    },
  }
  return { handlers, updates }
}
