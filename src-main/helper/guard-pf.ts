import { isIPv4 } from 'node:net'

import { type GuardRules, LOCAL_IPV4, LOCAL_IPV6, MULTICAST_IPV4, MULTICAST_IPV6 } from './guard.ts'
import { checkRules, NAME_PORTS } from './guard-check.ts'

/** Remembered per device: what belongs to the tunnel never passes by another link. Also from the middle of a stream. */
const REPLIES = 'flags any keep state (if-bound)'
const NO_REPLIES = 'flags any no state'
const ROOT = 0

/**
 * The network guard for macOS, as rules of pf. Where they go: the main rules of macOS ask every anchor of this
 * folder, in the order of names, so that nothing of `/etc/pf.conf` is changed; what is `quick` here is final.
 *
 *     pfctl -a com.apple/000.mysterium -f -    replaces the rules in one transaction
 *     pfctl -E                                 if pf is not on yet; after the rules
 *     pfctl -F states                          what older rules had let through is judged anew
 *
 * OpenVPN is known by its user (root), for pf knows no mark. Throws `BadRequest`.
 */
export function pfRules(rules: GuardRules): string {
  checkRules(rules, /^[a-z]{1,10}\d{1,4}$/)
  const { user, allowLocalNetwork, controlEndpoints, remotes, tunnel, resolver } = rules
  const names = `proto { tcp, udp } from any to any port ${list(NAME_PORTS)}`
  return [
    `pass quick on lo0 all ${NO_REPLIES}`,
    ...(tunnel
      ? [
          // Somebody near us who asks for the tunnel's address must not learn that it is here (CVE-2019-14899).
          ...[tunnel.address4, tunnel.address6]
            .filter((address) => address !== undefined)
            .map((address) => `block drop in quick on ! ${tunnel.device} ${family(address)} from any to ${address}`),
          ...(resolver === undefined
            ? []
            : [
                `pass out quick on ${tunnel.device} ${family(resolver)} proto { tcp, udp } from any to ${resolver} port 53 ${REPLIES}`,
                `block return out quick on ${tunnel.device} proto { tcp, udp } from any to any port 53`,
              ]),
          `pass out quick on ${tunnel.device} all ${REPLIES}`,
        ]
      : []),
    ...remotes.map(
      ({ address, port, protocol }) =>
        `pass out quick ${family(address)} proto ${protocol} from any to ${address} port ${port} user ${ROOT} ${REPLIES}`,
    ),
    // Before everything that leads into the network around us: a name asked there is a name told.
    `block return out quick ${names}`,
    ...controlEndpoints.map(
      ({ address, port }) =>
        `pass out quick ${family(address)} proto tcp from any to ${address} port ${port} user ${user} ${REPLIES}`,
    ),
    // What keeps the link itself: DHCP, neighbours and routers of IPv6, and the path MTU.
    `pass out quick inet proto udp from any port 68 to ${list([...LOCAL_IPV4, '255.255.255.255'])} port 67 no state`,
    'pass in quick inet proto udp from any port 67 to any port 68 no state',
    'pass out quick inet6 proto udp from fe80::/10 port 546 to ff02::1:2 port 547 no state',
    'pass in quick inet6 proto udp from fe80::/10 port 547 to any port 546 no state',
    'pass out quick inet6 proto ipv6-icmp from any to { fe80::/10, ff02::/16 } icmp6-type { routersol, neighbrsol, neighbradv } no state',
    'pass in quick inet6 proto ipv6-icmp from any to any icmp6-type { routeradv, neighbrsol, neighbradv } no state',
    ...(allowLocalNetwork
      ? [
          `pass out quick inet from any to ${list([...LOCAL_IPV4, ...MULTICAST_IPV4])} ${NO_REPLIES}`,
          `pass in quick inet from ${list(LOCAL_IPV4)} to any ${NO_REPLIES}`,
          `pass out quick inet6 from any to ${list([...LOCAL_IPV6, ...MULTICAST_IPV6])} ${NO_REPLIES}`,
          `pass in quick inet6 from ${list(LOCAL_IPV6)} to any ${NO_REPLIES}`,
        ]
      : []),
    'block return out quick all',
    'block drop in quick all',
  ]
    .map((rule) => `${rule}\n`)
    .join('')
}

/** To be loaded in their place: no rule, so pf goes on to the others. */
export const PF_OPEN = '# open\n'

function family(address: string): 'inet' | 'inet6' {
  return isIPv4(address) ? 'inet' : 'inet6'
}

function list(values: readonly (string | number)[]): string {
  return `{ ${values.join(', ')} }`
}
