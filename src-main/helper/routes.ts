import { isIPv4, isIPv6 } from 'node:net'

import { plainAddress } from './fields.ts'
import { LOCAL_IPV4, LOCAL_IPV6 } from './guard.ts'
import type { Change } from './journal.ts'

/** Marks routes and rules as ours (rtnetlink's protocol number): nothing else is ever removed. */
export const PROTOCOL = '109'
/** Packets that carry the tunnel's address leave through the tunnel or not at all. */
const INSIDE = '7109'
/** Everything else of this machine: through the tunnel but for the few addresses that keep their direct route. */
const EVERYTHING = '7110'
/** In this order, before anything that this machine's main table says. */
const PREFERENCE = { inside: '7108', local: '7109', everything: '7110' }

/** Where a network around us is reached directly, if the main table knows one that is no way to everywhere. */
const LOCAL = { 4: [...LOCAL_IPV4, '224.0.0.0/4', '255.255.255.255'], 6: [...LOCAL_IPV6] } as const

export type RouteChange = Extract<Change, { kind: 'route' | 'rule' }>

/**
 * The route that keeps `address` outside of the tunnel, as `ip route` wants it, or undefined when
 * nothing is needed or possible: it is this machine, or out of reach. `found` is what
 * `ip -j route get` answered before the tunnel was there.
 */
export function directRoute(address: string, found: unknown): RouteChange | undefined {
  const route = first(found)
  const device = textOf(route, 'dev')
  if (device === undefined || !/^[^\s/]{1,15}$/.test(device) || device === 'lo' || route?.type === 'local')
    return undefined
  const family = isIPv4(address) ? 4 : 6
  const where = [...viaOf(route), 'dev', device, 'table', EVERYTHING, 'proto', PROTOCOL]
  return { kind: 'route', family, args: [`${address}/${family === 4 ? 32 : 128}`, ...where] }
}

/**
 * Everything else through the tunnel, in tables of our own that are asked before the main one: a network
 * that hands out routes (DHCP option 121), two halves or the address of one bank alike, hands them out in
 * vain. The main table is left alone. Only private addresses go where it says, and not by a default route.
 * Where the tunnel has no IPv6, IPv6 ends at once instead of passing beside it.
 */
export function tunnelRoutes(device: string, address4: string, address6: string | undefined): RouteChange[] {
  return [...routesOf(4, device, address4), ...routesOf(6, device, address6)]
}

function routesOf(family: 4 | 6, device: string, address: string | undefined): RouteChange[] {
  const route = (table: string, ...args: string[]): RouteChange => ({
    kind: 'route',
    family,
    args: [...args, 'table', table, 'proto', PROTOCOL],
  })
  const rule = (preference: string, ...args: string[]): RouteChange => ({
    kind: 'rule',
    family,
    args: [...args, 'pref', preference, 'protocol', PROTOCOL],
  })
  return [
    // Tables first, so that the rules find them filled.
    ...(address === undefined
      ? [route(EVERYTHING, 'unreachable', 'default')]
      : [route(INSIDE, 'default', 'dev', device), route(EVERYTHING, 'default', 'dev', device, 'src', address)]),
    ...(address === undefined ? [] : [rule(PREFERENCE.inside, 'from', address, 'lookup', INSIDE)]),
    ...LOCAL[family].map((network) =>
      rule(PREFERENCE.local, 'to', network, 'lookup', 'main', 'suppress_prefixlength', '0'),
    ),
    rule(PREFERENCE.everything, 'lookup', EVERYTHING),
  ]
}

function first(answer: unknown): Record<string, unknown> | undefined {
  const [entry] = Array.isArray(answer) ? answer : []
  return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : undefined
}

function textOf(route: Record<string, unknown> | undefined, key: string): string | undefined {
  const value = route?.[key]
  return typeof value === 'string' ? value : undefined
}

function viaOf(route: Record<string, unknown> | undefined): string[] {
  const gateway = plainAddress(textOf(route, 'gateway') ?? '')
  if (gateway !== undefined) return ['via', gateway]
  // An IPv4 route through an IPv6 neighbour (RFC 5549).
  const via = route?.via
  const host = typeof via === 'object' && via !== null ? textOf(via as Record<string, unknown>, 'host') : undefined
  const neighbour = plainAddress(host ?? '')
  return neighbour !== undefined && isIPv6(neighbour) ? ['via', 'inet6', neighbour] : []
}
