import { isIPv4, isIPv6 } from 'node:net'

import type { Change } from './journal.ts'

/** Marks routes and rules as ours (rtnetlink's protocol number): nothing else is ever removed. */
export const PROTOCOL = '109'
/** Packets that carry the tunnel's address leave through the tunnel or not at all. */
const TABLE = '7109'
const PREFERENCE = '7109'

export type RouteChange = Extract<Change, { kind: 'route' | 'rule' }>

/**
 * The route that keeps `address` outside of the tunnel, as `ip route` wants it, or undefined when
 * nothing is needed: it is this machine, on one of its networks, or out of reach. `found` and `matched`
 * are the answers of `ip -j route get` without and with `fibmatch`.
 */
export function directRoute(address: string, found: unknown, matched: unknown): RouteChange | undefined {
  const route = first(found)
  const device = textOf(route, 'dev')
  if (device === undefined || !/^[^\s/]{1,15}$/.test(device) || device === 'lo' || route?.type === 'local')
    return undefined
  const family = isIPv4(address) ? 4 : 6
  const via = viaOf(route)
  if (via === undefined && textOf(first(matched), 'dst') !== 'default') return undefined
  const args = [`${address}/${family === 4 ? 32 : 128}`, ...(via ?? []), 'dev', device, 'proto', PROTOCOL]
  return { kind: 'route', family, args }
}

/**
 * Everything else through the tunnel: two halves, which win over any default route without touching it.
 * Where the tunnel has no IPv6, IPv6 ends at once instead of passing beside it.
 */
export function tunnelRoutes(device: string, address4: string, address6: string | undefined): RouteChange[] {
  const route = (family: 4 | 6, ...args: string[]): RouteChange => ({
    kind: 'route',
    family,
    args: [...args, 'proto', PROTOCOL],
  })
  const rule = (family: 4 | 6, address: string): RouteChange => ({
    kind: 'rule',
    family,
    args: ['from', address, 'lookup', TABLE, 'pref', PREFERENCE, 'protocol', PROTOCOL],
  })
  return [
    route(4, 'default', 'dev', device, 'table', TABLE),
    rule(4, address4),
    route(4, '0.0.0.0/1', 'dev', device, 'src', address4),
    route(4, '128.0.0.0/1', 'dev', device, 'src', address4),
    ...(address6 === undefined
      ? [route(6, 'unreachable', '::/1'), route(6, 'unreachable', '8000::/1')]
      : [
          route(6, 'default', 'dev', device, 'table', TABLE),
          rule(6, address6),
          route(6, '::/1', 'dev', device, 'src', address6),
          route(6, '8000::/1', 'dev', device, 'src', address6),
        ]),
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

function viaOf(route: Record<string, unknown> | undefined): string[] | undefined {
  const gateway = textOf(route, 'gateway')
  if (gateway !== undefined && (isIPv4(gateway) || isIPv6(gateway))) return ['via', gateway]
  // An IPv4 route through an IPv6 neighbour (RFC 5549).
  const via = route?.via
  const host = typeof via === 'object' && via !== null ? textOf(via as Record<string, unknown>, 'host') : undefined
  return host !== undefined && isIPv6(host) ? ['via', 'inet6', host] : undefined
}
