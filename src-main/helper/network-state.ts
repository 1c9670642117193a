import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { createClaim } from './claim.ts'
import { GUARD_TABLE, type GuardTunnel, guardRules, removeGuard } from './guard.ts'
import { type Host, programOf } from './host.ts'
import { isHelperAlive, networkNamespace, tableExists } from './journal.ts'
import type { Programs } from './programs.ts'
import type { NetworkRequest, Remote } from './requests.ts'
import { PROTOCOL } from './routes.ts'
import { run } from './run.ts'

/**
 * What may leave this machine (`guard.ts` has the rules):
 *
 *            set blocked                    tunnel up
 *      ┌──────────────────────▶ blocked ──────────────────▶ tunnel
 *    open                        ▲ ▲ │                        │
 *      ◀─────────────────────────┼─┘ │ (its own packets       │
 *         set open, reset        │   ▼  to its remotes)       │
 *      ◀───────────────────────┐ │ connecting                 │
 *                              │ └─── failed ────── lost, stopped, helper gone
 *                              └──────────────────────────────┘ set open, reset
 *
 * "connecting" is blocked but for OpenVPN's own packets, and is told as blocked. Only `set open` and the
 * reset lead to open. Setting blocked while a tunnel is up guards that tunnel. A tunnel that starts while
 * the network is open leaves it so: guarded is only who asked for it.
 *
 * One helper at a time has a network, from guarding it or opening a tunnel on until both are gone.
 *
 * Whether the guard stands is asked of the kernel each time, where it outlives every helper. Beside it a
 * file keeps what it was told, for the next helper; everybody may read it, so that an app can say that
 * the internet is blocked before it asks for a password. Numbers of namespaces are given out again and the
 * file would then speak of another one: so it counts only beside a route that is in the namespace itself,
 * in a table that no rule asks.
 */
export type NetworkState = { state: 'open' | 'blocked' | 'tunnel'; since?: number }

export type Network = {
  set(request: NetworkRequest): Promise<void>
  state(): Promise<NetworkState>
  /** OpenVPN is about to speak to these. */
  connecting(remotes: readonly Remote[]): Promise<void>
  /** The tunnel is there, its routes too. */
  up(tunnel: GuardTunnel): Promise<void>
  /** The tunnel is gone or about to be. Never fails: the rules of before then stay, and they let nothing out either. */
  down(): Promise<void>
}

const NETWORK_DIRECTORY = '/run/myst-network'
/** Of routes; asked by `src-main/node/network/network-left.ts`, filled by the unit at boot as well. */
const GUARDED_TABLE = '7111'

type Settings = Pick<NetworkRequest, 'allowLocalNetwork' | 'controlEndpoints' | 'resolver'>

type Kept = {
  helper: string
  state: 'blocked' | 'tunnel'
  since: number
} & Settings

/** Takes a guard over that a dead helper (or the unit at boot) left, as blocked. */
export async function createNetwork(host: Host, user: number): Promise<Network> {
  const helper = basename(host.dir)
  const claim = createClaim(host.dir)
  let settings: Settings = { allowLocalNetwork: false, controlEndpoints: [] }
  let remotes: readonly Remote[] = []
  let tunnel: GuardTunnel | undefined
  let since = Date.now()
  let told: Kept['state'] | undefined
  let last: Promise<unknown> = Promise.resolve()

  const stands = () => tableExists(GUARD_TABLE, host.programs)
  const nft = (text: string) => run(programOf(host, 'nft'), ['-f', '-'], text)
  const apply = async () => {
    const state = tunnel ? 'tunnel' : 'blocked'
    if (state !== told) since = Date.now()
    told = state
    // First what it is meant to be: if that fails, the kernel still has what was. Marked before the guard is there,
    // because a block that nobody can tell of is worse, at a kill in between, than a word of one that is not there.
    keep({ helper, state, since, ...settings })
    await markRoute(host.programs, 'replace').catch((error: unknown) => host.log(`no mark: ${String(error)}`))
    try {
      await nft(guardRules({ user, ...settings, remotes, tunnel }))
    } catch (error) {
      if (!(await stands())) await forgetNetwork(host.programs)
      throw error
    }
  }
  /** One after the other, in the order of asking. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }
  const applyIfGuarded = async () => {
    if (await stands()) await apply()
  }

  if (await stands()) {
    const kept = readKept()
    if (kept === undefined || !isHelperAlive(kept.helper)) {
      host.log('the network is blocked since before; it stays so')
      if (kept) {
        const { helper: _by, state: _was, since: _from, ...rest } = kept
        settings = rest
        if (kept.state === 'blocked') {
          since = kept.since
          told = 'blocked'
        }
      }
      await apply()
    }
  } else await forgetNetwork(host.programs)

  return {
    set: ({ state, ...rest }) =>
      inTurn(async () => {
        await claim.take()
        settings = rest
        if (state === 'blocked') return apply()
        await nft(removeGuard())
        told = undefined
        await forgetNetwork(host.programs)
        if (remotes.length === 0) claim.drop()
      }),
    state: () =>
      inTurn(async () => {
        if (!(await stands())) return { state: 'open' }
        const kept = readKept()
        return kept === undefined ? { state: 'blocked' } : { state: kept.state, since: kept.since }
      }),
    connecting: (to) =>
      inTurn(async () => {
        await claim.take()
        remotes = to
        return applyIfGuarded()
      }),
    up: (made) =>
      inTurn(() => {
        tunnel = made
        return applyIfGuarded()
      }),
    down: () =>
      inTurn(async () => {
        if (!claim.isMine) return
        remotes = []
        tunnel = undefined
        try {
          if (await stands()) await apply()
          else claim.drop()
        } catch (error) {
          host.log(`the guard was not closed: ${String(error)}`)
        }
      }),
  }
}

/** To be called when the guard is removed. */
export async function forgetNetwork(programs: Programs): Promise<void> {
  rmSync(file(), { force: true })
  await markRoute(programs, 'del').catch(() => undefined) // there was none
}

async function markRoute(programs: Programs, action: 'replace' | 'del'): Promise<void> {
  const route = ['unreachable', 'default', 'table', GUARDED_TABLE, 'proto', PROTOCOL]
  await run(programs('ip'), ['-4', 'route', action, ...route])
}

function file(): string {
  return join(NETWORK_DIRECTORY, `${/\d+/.exec(networkNamespace())?.[0] ?? '0'}.json`)
}

function keep(kept: Kept): void {
  mkdirSync(NETWORK_DIRECTORY, { recursive: true })
  chmodSync(NETWORK_DIRECTORY, 0o755)
  writeFileSync(`${file()}.new`, JSON.stringify(kept))
  chmodSync(`${file()}.new`, 0o644)
  renameSync(`${file()}.new`, file())
}

/** Only root can write there, so its form is trusted. */
function readKept(): Kept | undefined {
  if (!existsSync(file())) return undefined
  try {
    return JSON.parse(readFileSync(file(), 'utf8')) as Kept
  } catch {
    return undefined
  }
}
