import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Logger } from '../../lib/logger.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Privilege } from '../../ports/privilege.ts'
import type { ControlEndpoint, NetworkGuard } from '../../ports/service-type.ts'

/** More control endpoints than this are not kept beside the tunnel (the helper's own limit). */
const MAX_CONTROL = 32

export type Endpoint = { address: string; port: number }

/** What a person chose of it; asked for each time. */
export type GuardSettings = { allowLocalNetwork: boolean; resolver: string; lockdown: boolean }

export type OpenVpnGuard = NetworkGuard & {
  /** From now on nothing leaves but what goes to these; resolves with their addresses. Needs the helper. */
  block(control: readonly ControlEndpoint[]): Promise<Endpoint[]>
  /** The same without a connection, for lockdown; a password may be asked for. */
  raise(): Promise<void>
  /** Brings changed settings into effect where it stands, in one step: nothing passes in between. */
  renew(): Promise<void>
}

/** The guard over the helper's `networkSet`. Finds what an earlier program left, without asking for a password. */
export async function createNetworkGuard(deps: {
  privilege: Privilege
  clock: Clock
  log: Logger
  settings: () => GuardSettings
  /** Chain and broker, which stay reachable. */
  control: readonly ControlEndpoint[]
}): Promise<OpenVpnGuard> {
  const { privilege, clock, log, settings } = deps
  const left = await privilege.networkState()
  let stands: NetworkGuard['stands'] =
    left.state === 'open' ? undefined : { sinceMs: left.since ?? clock.now(), isInherited: true }
  /** Behind the guard no name server answers, so what a name meant before it still means. */
  const known = new Map<string, string[]>()

  async function addressesOf(host: string): Promise<string[]> {
    if (isIP(host)) return [host]
    try {
      const found = (await lookup(host, { all: true })).map(({ address }) => address)
      known.set(host, found)
      return found
    } catch {
      if (!known.has(host)) log.warn('a control address has no IP address at the moment')
      return known.get(host) ?? []
    }
  }

  const guard: OpenVpnGuard = {
    get stands() {
      return stands
    },
    get isLockdown() {
      return settings().lockdown
    },
    async raise() {
      await privilege.ensure()
      await guard.block(deps.control)
    },
    async renew() {
      await guard.look()
      if (!stands) return
      const { isInherited } = stands
      await guard.raise()
      // Whose word it needs to be opened does not change with a setting.
      stands = { ...stands, isInherited }
    },
    async block(control) {
      const { allowLocalNetwork, resolver } = settings()
      const found = await Promise.all(
        control.map(async ({ host, port }) => (await addressesOf(host)).map((address) => ({ address, port }))),
      )
      const distinct = new Map(found.flat().map((endpoint) => [`${endpoint.address} ${endpoint.port}`, endpoint]))
      const controlEndpoints = [...distinct.values()].slice(0, MAX_CONTROL)
      // Counts as standing from here on: if the helper does not answer, nobody knows, and it is opened in the end.
      stands = { sinceMs: stands?.sinceMs ?? clock.now(), isInherited: false }
      await privilege.networkSet({
        ...{ state: 'blocked', allowLocalNetwork, controlEndpoints },
        ...(resolver === 'default' ? {} : { resolver }),
      })
      return controlEndpoints
    },
    async look() {
      if (stands && (await privilege.networkState()).state === 'open') stands = undefined
    },
    async open() {
      if (settings().lockdown) return
      await privilege.ensure()
      await privilege.networkSet({ state: 'open', allowLocalNetwork: false, controlEndpoints: [] })
      stands = undefined
    },
  }
  return guard
}
