import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Reach } from '#shared/contract/state.ts'
import type { Logger } from './lib/logger.ts'
import { ownAddressTowards } from './own-address.ts'
import type { Clock } from './ports/clock.ts'
import { fetchDirectly, seenAddress } from './session/consumer/probe.ts'

const PROBE_MS = 3_000

/**
 * Looks where others find this machine, as far as addresses tell: nothing is sent to its ports. `towards` is a host that
 * consumers' messages come from. Rejects when there is no network at all.
 */
export function createReach(deps: {
  probes: readonly string[]
  towards: string
  /** Traffic of this machine leaves elsewhere now, or nowhere. */
  isTunneled: () => boolean
  clock: Clock
  log: Logger
  ownAddresses?: () => readonly string[]
  fetchDirectly?: typeof fetchDirectly
}): () => Promise<Reach> {
  const { clock, log } = deps
  const ownAddresses = deps.ownAddresses ?? interfaceAddresses

  return async () => {
    const own = await ownAddressTowards(deps.towards)
    const known = { own, atMs: clock.now() }
    if (deps.probes.length === 0) return { ...known, verdict: 'unknown', why: 'no-probe' }
    // What a probe sees then is the provider's address.
    if (deps.isTunneled()) return { ...known, verdict: 'unknown', why: 'tunnel' }
    const probes = { probes: deps.probes, clock, log }
    const never = new AbortController().signal
    const seen = await seenAddress({ deps: probes }, deps.fetchDirectly ?? fetchDirectly, never, PROBE_MS)
    if (seen === undefined) return { ...known, verdict: 'unknown', why: 'no-answer' }
    // Of a connection over IPv6 nothing follows for one over IPv4.
    if (isIP(seen) !== isIP(own)) return { ...known, seen, verdict: 'unknown', why: 'other-family' }
    return { ...known, seen, verdict: isAmong(seen, ownAddresses()) ? 'public' : 'behind-router' }
  }
}

/** What a provider tells consumers: the router's address where there is one, which has to pass it on. */
export function announcedAddress({ verdict, own, seen }: Reach): string {
  return verdict === 'behind-router' && seen !== undefined ? seen : own
}

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** In whatever form IPv6 is written. */
function isAmong(address: string, addresses: readonly string[]): boolean {
  const list = new BlockList()
  for (const one of addresses) list.addAddress(one, family(one))
  return list.check(address, family(address))
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? [])
}
