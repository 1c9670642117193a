import { isIPv4 } from 'node:net'

import type { Endpoint, Remote } from './requests.ts'

/**
 * The network guard (kill switch): one table that lets nothing pass but what is named here, whatever the
 * routes say. It is replaced in one nft transaction, so that there is no moment without it, and looks at
 * every packet, not at new connections only, so that what was open before is cut as well.
 *
 * It belongs to the kernel, not to the helper: whoever dies, it stays. `open` removes it, nothing else.
 */
export const GUARD_TABLE = 'myst_guard'

/** What OpenVPN puts on its own packets (SO_MARK). Setting it takes CAP_NET_ADMIN, so no other user's program can. */
export const TUNNEL_MARK = 0x6d797374

/** Asked instead of a name server that the tunnel does not reach, unless another one was chosen (Quad9). */
export const DEFAULT_DNS = { ipv4: '9.9.9.9', ipv6: '2620:fe::fe' }

/** IPv4 and IPv6 that can only mean the network one is in (RFC 1918, 3927, 4193, multicast that stays in the site). */
export const LOCAL_IPV4: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16']
export const LOCAL_IPV6: readonly string[] = ['fe80::/10', 'fc00::/7']
export const MULTICAST_IPV4: readonly string[] = ['224.0.0.0/24', '239.0.0.0/8', '255.255.255.255']
export const MULTICAST_IPV6: readonly string[] = ['ff01::/16', 'ff02::/16', 'ff03::/16', 'ff04::/16', 'ff05::/16']

export type GuardTunnel = { device: string; address4: string; address6: string | undefined; dns: string | undefined }

export type GuardRules = {
  /** Whose programs may speak to the control endpoints. */
  user: number
  allowLocalNetwork: boolean
  controlEndpoints: readonly Endpoint[]
  /** Where our OpenVPN may send to: none unless a tunnel is being made or is up. */
  remotes: readonly Remote[]
  tunnel: GuardTunnel | undefined
  /** The only name server that is asked through a tunnel, whichever a program meant to ask. */
  resolver?: string | undefined
}

const NAMES = 'meta l4proto { tcp, udp } th dport 53'

export function guardRules(rules: GuardRules): string {
  const { user, allowLocalNetwork, controlEndpoints, remotes, tunnel, resolver } = rules
  const allowed = [
    'oifname "lo" accept',
    // A question of the one family cannot be put to a server of the other.
    ...(tunnel && resolver !== undefined
      ? [`oifname "${tunnel.device}" meta nfproto ${isIPv4(resolver) ? 'ipv6' : 'ipv4'} ${NAMES} return`]
      : []),
    ...(tunnel ? [`oifname "${tunnel.device}" accept`] : []),
    ...remotes.map((remote) => `meta mark ${TUNNEL_MARK} ${to(remote)} ${remote.protocol} dport ${remote.port} accept`),
    // Before everything that leads into the network around us: a name asked there is a name told.
    'meta l4proto { tcp, udp } th dport { 53, 853 } return',
    ...controlEndpoints.map((endpoint) => `meta skuid ${user} ${to(endpoint)} tcp dport ${endpoint.port} accept`),
    // What keeps the link itself: an address from DHCP, and neighbours and routers of IPv6 (ARP is not seen here).
    `ip daddr { ${[...LOCAL_IPV4, '255.255.255.255'].join(', ')} } udp sport 68 udp dport 67 accept`,
    'ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept',
    'ip6 daddr { fe80::/10, ff02::/16 } icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept',
    ...(allowLocalNetwork
      ? [
          `ip daddr { ${[...LOCAL_IPV4, ...MULTICAST_IPV4].join(', ')} } accept`,
          `ip6 daddr { ${[...LOCAL_IPV6, ...MULTICAST_IPV6].join(', ')} } accept`,
        ]
      : []),
  ]
  const outward = [
    // Redirected into the tunnel, which shows at the next chain only: here the device is still the one of before.
    ...(tunnel ? [`ct status dnat ${NAMES} accept`] : []),
    'jump allowed',
    // Told to the program that asked, so that it need not wait.
    'counter reject with icmpx admin-prohibited',
  ]
  const inward = [
    'iifname "lo" accept',
    ...(tunnel ? guardedAddress(tunnel) : []),
    // From the tunnel only what was asked for: the provider has no business with this machine's services.
    ...(tunnel ? [`iifname "${tunnel.device}" ct state { established, related } accept`] : []),
    ...remotes.map((remote) => `${from(remote)} ${remote.protocol} sport ${remote.port} ct state established accept`),
    ...controlEndpoints.map((endpoint) => `${from(endpoint)} tcp sport ${endpoint.port} ct state established accept`),
    // Path MTU of what is allowed.
    'icmp type destination-unreachable ct state related accept',
    'icmpv6 type { destination-unreachable, packet-too-big } ct state related accept',
    'udp sport 67 udp dport 68 accept',
    'ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept',
    'ip6 hoplimit 255 icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
    ...(allowLocalNetwork
      ? [`ip saddr { ${LOCAL_IPV4.join(', ')} } accept`, `ip6 saddr { ${LOCAL_IPV6.join(', ')} } accept`]
      : []),
    'counter',
  ]
  // Containers and virtual machines of this machine, through the tunnel or not at all.
  const passing = tunnel
    ? [
        `oifname "${tunnel.device}" accept`,
        `iifname "${tunnel.device}" ct state { established, related } accept`,
        'counter',
      ]
    : ['counter']
  return `add table inet ${GUARD_TABLE}
delete table inet ${GUARD_TABLE}
table inet ${GUARD_TABLE} {
${[
  chain('allowed', '', allowed),
  chain('outward', 'type filter hook output priority filter; policy drop;', outward),
  // Once more where the packet leaves: what other rules of this machine route elsewhere after the first look.
  chain('leaving', 'type filter hook postrouting priority filter; policy drop;', ['jump allowed', 'counter']),
  chain('inward', 'type filter hook input priority filter; policy drop;', inward),
  chain('passing', 'type filter hook forward priority filter; policy drop;', passing),
  tunnel ? nameServers(tunnel, resolver) : '',
].join('')}}
`
}

/** What the unit at boot loads (`resources/linux`): blocked, before anybody could say which exceptions there are. */
export function lockdownRules(): string {
  const nothing = { allowLocalNetwork: false, controlEndpoints: [], remotes: [], tunnel: undefined }
  return `# Written by lockdownRules() in src-main/helper/guard.ts.\n${guardRules({ ...nothing, user: 0 })}`
}

export function removeGuard(): string {
  return `add table inet ${GUARD_TABLE}\ndelete table inet ${GUARD_TABLE}\n`
}

/** Somebody near us who asks for the tunnel's address must not learn that it is here (CVE-2019-14899). */
function guardedAddress({ device, address4, address6 }: GuardTunnel): string[] {
  return [
    `iifname != "${device}" ip daddr ${address4} counter drop`,
    ...(address6 === undefined ? [] : [`iifname != "${device}" ip6 daddr ${address6} counter drop`]),
  ]
}

/**
 * A machine asks the name server that its network named, which is in that network: such a question goes
 * into the tunnel instead, to one that can be reached there. A public one that was set by hand stays, unless
 * the person chose one here.
 */
function nameServers({ device, address4, address6, dns: usual }: GuardTunnel, resolver: string | undefined): string {
  const dns = resolver ?? usual
  const [dns4, dns6] = dns === undefined ? [DEFAULT_DNS.ipv4, DEFAULT_DNS.ipv6] : isIPv4(dns) ? [dns, ''] : ['', dns]
  const redirect = (family: 'ip' | 'ip6', server: string, local: readonly string[]) => {
    if (server === '') return []
    const replaced = resolver === undefined ? `{ ${local.join(', ')} }` : `!= ${server}`
    return [
      `oifname != { "lo", "${device}" } ${NAMES} dnat ${family} to ${server}`,
      `oifname "${device}" ${family} daddr ${replaced} ${NAMES} dnat ${family} to ${server}`,
    ].map((rule) => `meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'} ${rule}`)
  }
  const names = [
    `meta mark ${TUNNEL_MARK} accept`,
    ...redirect('ip', dns4, LOCAL_IPV4),
    ...(address6 === undefined ? [] : redirect('ip6', dns6, LOCAL_IPV6)),
  ]
  // It chose its own address when it still meant to ask in its network.
  const source = [
    `oifname "${device}" ip saddr != ${address4} ${NAMES} snat ip to ${address4}`,
    ...(address6 === undefined
      ? []
      : [`oifname "${device}" ip6 saddr != ${address6} ${NAMES} snat ip6 to ${address6}`]),
  ]
  return (
    chain('names', 'type nat hook output priority -100; policy accept;', names) +
    chain('source', 'type nat hook postrouting priority srcnat; policy accept;', source)
  )
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  return `  chain ${name} {\n${hook && `    ${hook}\n`}${rules.map((rule) => `    ${rule}\n`).join('')}  }\n`
}

function to({ address }: { address: string }): string {
  return `${isIPv4(address) ? 'ip' : 'ip6'} daddr ${address}`
}

function from({ address }: { address: string }): string {
  return `${isIPv4(address) ? 'ip' : 'ip6'} saddr ${address}`
}
