import type { HostName, Hosts } from '../../src-main/node/localnet/hosts.ts'

/** What the probers send (`prober.py`), each with the number that its packets carry as DSCP. */
const ANYBODY = [
  ...['tcp4', 'tcp6', 'tcp-bound', 'udp4', 'udp6', 'dns4', 'dns6', 'dns-near', 'dns-tcp', 'dot', 'mdns', 'broadcast'],
  ...['bound4', 'bound6', 'flow4', 'flow6', 'talk', 'provider-udp', 'provider-tcp', 'provider-bound'],
]
const ROOT = ['icmp4', 'icmp6', 'raw4', 'raw6', 'raw-bound', 'segment']
const numbered = (names: readonly string[], first: number) =>
  Object.fromEntries(names.map((name, index) => [name, first + index]))

export const OTHER_USER = 65534
/** By user: root may speak to the control endpoints as the node does, anybody else may not. */
export const KINDS = {
  root: { user: 0, kinds: numbered([...ANYBODY, ...ROOT], 1) },
  other: { user: OTHER_USER, kinds: numbered([...ANYBODY, 'control'], 1 + ANYBODY.length + ROOT.length) },
} as const

/** Packets by kind (`root_tcp4`, `other_dns6`, …). */
export type Seen = Readonly<Record<string, number>>

export type Watch = {
  /** Sets everything to nothing, in one transaction. */
  reset(): Promise<void>
  seen(): Promise<Seen>
  /** Packets that came past the tunnel, with the first of them by addresses, protocol and port. */
  outside(): Promise<{ packets: number; which: string }>
}

const counterOf = (user: string, kind: string) => `${user}_${kind.replaceAll('-', '_')}`
export const COUNTERS: readonly string[] = Object.entries(KINDS).flatMap(([user, { kinds }]) =>
  Object.keys(kinds).map((kind) => counterOf(user, kind)),
)

/**
 * Counts at the router what arrives from a host, before the router does anything with it. Inside are ARP and
 * neighbour discovery of the kernels, OpenVPN's packets to the `providers` and the node's own to the control
 * endpoints, neither of which carries the number of a probe; everything else is outside.
 */
export function createWatch(
  hosts: Hosts,
  options: {
    host: HostName
    providers: readonly string[]
    control: { address: string; ports: readonly number[] }
    /** Where tunnel addresses are. */
    tunnels: readonly string[]
  },
): Watch {
  const { host, providers, control, tunnels } = options
  const gateway = hosts.host(host).gateway
  const marks = Object.entries(KINDS).flatMap(([user, { kinds }]) =>
    Object.entries(kinds).flatMap(([kind, number]) =>
      ['ip', 'ip6'].map((family) => `    ${family} dscp ${number} counter name ${counterOf(user, kind)}\n`),
    ),
  )
  const caught = (name: string, family: 'ip' | 'ip6') => `
  set ${name} {
    typeof ${family} saddr . ${family} daddr . meta l4proto . th dport
    size 64; flags dynamic; counter
  }`
  const keep = (name: string, family: 'ip' | 'ip6') =>
    `update @${name} { ${family} saddr . ${family} daddr . meta l4proto . th dport }`
  const table = `table netdev leak
delete table netdev leak
table netdev leak {
${[...COUNTERS, 'tunnel', 'control', 'outside', 'answers', 'tunnel_answers'].map((name) => `  counter ${name} { }\n`).join('')}
${caught('caught4', 'ip')}${caught('caught6', 'ip6')}
  chain arriving {
    type filter hook ingress device "${host}" priority 0;
    meta protocol arp accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
    ip daddr { ${providers.join(', ')} } ip protocol udp ip dscp 0 counter name tunnel accept
    ip daddr ${control.address} tcp dport { ${control.ports.join(', ')} } ip dscp 0 counter name control accept
    counter name outside
${marks.join('')}    ip daddr ${gateway} ip dscp 0 counter name answers
    ${tunnels.map((network) => `${network.includes(':') ? 'ip6' : 'ip'} saddr ${network} counter name tunnel_answers`).join('\n    ')}
    ${keep('caught4', 'ip')}
    ${keep('caught6', 'ip6')}
  }
}
`
  type Listed = { counter?: { name: string; packets: number }; set?: { elem?: unknown[] } }
  const list = async (what: string, ...name: string[]) => {
    const text = await hosts.run('router', 'nft', ['-j', 'list', what, ...name])
    return (JSON.parse(text) as { nftables: Listed[] }).nftables
  }
  const seen = async () => {
    const listed = await list('counters', 'table', 'netdev', 'leak')
    return Object.fromEntries(listed.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])))
  }
  return {
    reset: async () => void (await hosts.run('router', 'nft', ['-f', '-'], { input: table })),
    seen,
    async outside() {
      const [found] = (await list('counter', 'netdev', 'leak', 'outside')).flatMap(({ counter }) => counter ?? [])
      if (!found) throw new Error('The router does not count.')
      if (found.packets === 0) return { packets: 0, which: '' }
      const kinds = Object.entries(await seen()).filter(([name, packets]) => packets > 0 && name !== 'outside')
      const sets = await Promise.all(['caught4', 'caught6'].map((name) => list('set', 'netdev', 'leak', name)))
      const which = JSON.stringify([kinds, ...sets.flat().flatMap(({ set }) => set?.elem ?? [])])
      return { packets: found.packets, which: which.slice(0, 4_000) }
    },
  }
}
