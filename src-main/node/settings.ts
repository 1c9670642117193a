import type { Settings, SettingsState } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import type { NetworkGuard } from './ports/service-type.ts'
import type { SettingsFile } from './settings-file.ts'
import type { StateTree } from './state-tree.ts'

/** Keeps what a person chose, brings it into effect and into the state. */
export type SettingsKeeper = {
  /**
   * Kept, then brought into effect, at once and without a gap. When that fails everything is as before, and it
   * rejects: `OpenVpnMissing`, `ElevationRefused`, `LockdownInTheWay` and what else the guard says.
   */
  set(change: { [name in keyof Settings]?: Settings[name] | undefined }): Promise<void>
  /** Raises the guard where lockdown wants it. Never rejects: the state says so when it could not be done. */
  start(): Promise<void>
  /** What a setting asks for and is not so, or undefined when it is. */
  problem(name: keyof Settings, sentence: string | undefined): void
}

export type SettingsGuard = NetworkGuard & {
  raise(): Promise<void>
  /** Rules as the settings are now, where the guard stands; nothing passes meanwhile. */
  renew(): Promise<void>
}

export function createSettings(deps: {
  file: SettingsFile
  state: StateTree
  guard: SettingsGuard
  /** The guard was raised or opened: says so where nobody is connected. */
  restate(): void
}): SettingsKeeper {
  const { file, state, guard, restate } = deps
  let turn: Promise<unknown> = Promise.resolve()

  const show = (change: Partial<SettingsState>) => state.set({ settings: { ...state.get().settings, ...change } })
  const keep = async (next: Settings) => {
    await file.write(next)
    show(next)
  }
  const problem: SettingsKeeper['problem'] = (name, sentence) => {
    const { [name]: before, ...problems } = state.get().settings.problems
    if (before !== sentence)
      show({ problems: { ...problems, ...(sentence === undefined ? {} : { [name]: sentence }) } })
  }

  async function change(wanted: Settings): Promise<void> {
    const before = file.current
    const differs = (name: keyof Settings) => wanted[name] !== before[name]
    if (wanted.lockdown && differs('lockdown')) mayLockDown(state.get())
    if (!(Object.keys(wanted) as (keyof Settings)[]).some(differs)) return
    await keep(wanted)
    try {
      if (wanted.lockdown && differs('lockdown')) await guard.raise()
      else if (differs('lockdown') && isLockdown(state.get())) await guard.open()
      else if (differs('allowLocalNetwork') || differs('resolver')) await guard.renew()
    } catch (error) {
      await keep(before)
      throw error
    }
    if (differs('lockdown')) problem('lockdown', undefined)
    if (differs('connectOnStart')) problem('connectOnStart', undefined)
    if (differs('shareOnStart')) problem('shareOnStart', undefined)
    restate()
  }

  return {
    problem,
    set(wanted) {
      const named = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
      const done = turn.then(() => change({ ...file.current, ...named }))
      turn = done.catch(() => undefined)
      return done
    },
    async start() {
      if (!file.current.lockdown) return
      try {
        await guard.raise()
      } catch (error) {
        const { message } = toWire(error)
        problem(
          'lockdown',
          guard.stands ? `The block of before stands as it is. ${message}` : `Your internet is not blocked. ${message}`,
        )
      }
      restate()
    },
  }
}

const isLockdown = ({ connection }: AppState) => connection.name === 'blocked' && connection.isLockdown === true

/** Lockdown would cut off in silence what works without a VPN of one's own. */
function mayLockDown({ connection, share, programs }: AppState): void {
  if ('proposal' in connection && connection.proposal.serviceType === 'socks') {
    throw new MystError('LockdownInTheWay', 'Disconnect the proxy first: lockdown lets nothing out but a VPN.')
  }
  // Through a VPN that stands theirs go on.
  if (connection.name !== 'connected' && programs.some((program) => program.connection.name !== 'disconnected')) {
    throw new MystError('LockdownInTheWay', 'Disconnect your programs first: lockdown lets nothing out but a VPN.')
  }
  if (share.state !== 'off') {
    throw new MystError('LockdownInTheWay', 'Stop sharing first: with lockdown on nobody could reach you.')
  }
}
