import { CLOSED_PORTS, PUBLIC_IPV6, REFUSED_IPV4, REFUSED_IPV6 } from './addresses.ts'

/**
 * The provider's rules as one nft transaction (PROTOCOL, provider traffic rules). Only an admitted
 * client's address gets anywhere; from the tunnel the way leads to the public internet and nowhere
 * else, not to this machine either; towards the tunnel only what was asked for from inside.
 *
 * `up4`/`up6` count the bytes a client sends, before anything is refused, as its own tunnel device does.
 * In the other direction several packets may still travel as one here (GSO) and would be counted with
 * one header instead of many, 4 % too little: there the class of the tunnel's queue counts
 * (`shaper.ts`), which `class4`/`class6` choose.
 */
export type ServerRules = {
  table: string
  device: string
  subnet4: string
  subnet6: string | undefined
  /** Our own address as seen from outside: a home router would hand it back to itself. */
  publicAddress: string | undefined
} & ServerLimits

export type ServerLimits = {
  /** Bytes per second each way, of a client and of all together. */
  bytesPerSecond: number | undefined
  totalBytesPerSecond: number | undefined
  /** Of a client: connections at once, and new ones per second. */
  maxConnections: number
  newConnectionsPerSecond: number
  allowMail: boolean
}

export function serverRules(rules: ServerRules): string {
  const { table, device, subnet4, subnet6, publicAddress } = rules
  const mine4 = publicAddress?.includes('.') && !publicAddress.includes(':') ? [publicAddress] : []
  const mine6 = publicAddress?.includes(':') ? [publicAddress] : []
  const closedPorts = rules.allowMail
    ? ''
    : `    meta l4proto { tcp, udp } th dport { ${CLOSED_PORTS.join(', ')} } reject with icmpx admin-prohibited\n`
  return `table inet ${table} {
  set up4 { type ipv4_addr; counter; }
  set up6 { type ipv6_addr; counter; }
  set down4 { type ipv4_addr; counter; }
  set down6 { type ipv6_addr; counter; }
  map class4 { type ipv4_addr : classid; }
  map class6 { type ipv6_addr : classid; }
  set rate4 { type ipv4_addr; size 512; flags dynamic; }
  set rate6 { type ipv6_addr; size 512; flags dynamic; }
  set fresh4 { type ipv4_addr; size 512; flags dynamic; }
  set fresh6 { type ipv6_addr; size 512; flags dynamic; }
  set open4 { type ipv4_addr; size 512; flags dynamic; }
  set open6 { type ipv6_addr; size 512; flags dynamic; }
  set closed4 { type ipv4_addr; flags interval; auto-merge; elements = { ${[...REFUSED_IPV4, ...mine4].join(', ')} } }
  set closed6 { type ipv6_addr; flags interval; auto-merge; elements = { ${[...REFUSED_IPV6, ...mine6].join(', ')} } }
  set own4 { type ipv4_addr; flags interval; auto-merge; }
  set own6 { type ipv6_addr; flags interval; auto-merge; }

  chain arriving {
    type filter hook prerouting priority raw; policy accept;
    iifname != "${device}" accept
    ip saddr @up4 accept
    ip6 saddr @up6 accept
    drop
  }
  chain to_this_machine {
    type filter hook input priority filter; policy accept;
    iifname "${device}" drop
  }
  chain passing {
    type filter hook forward priority filter; policy accept;
    iifname "${device}" goto outward
    oifname "${device}" goto inward
  }
  chain outward {
    oifname "${device}" drop
${closedPorts}    ip daddr @closed4 reject with icmpx admin-prohibited
    ip daddr @own4 reject with icmpx admin-prohibited
    ip6 daddr != ${PUBLIC_IPV6} reject with icmpx admin-prohibited
    ip6 daddr @closed6 reject with icmpx admin-prohibited
    ip6 daddr @own6 reject with icmpx admin-prohibited
    fib daddr type != unicast drop
${limitRules(rules)}    accept
  }
  chain inward {
    ct state != { established, related } drop
    accept
  }
  chain leaving {
    type filter hook postrouting priority mangle; policy accept;
    oifname != "${device}" accept
    meta priority set ip daddr map @class4
    meta priority set ip6 daddr map @class6
    ip daddr @down4 accept
    ip6 daddr @down6 accept
    drop
  }
  chain translate {
    type nat hook postrouting priority srcnat; policy accept;
    oifname != "${device}" ip saddr ${subnet4}/24 masquerade
${subnet6 === undefined ? '' : `    oifname != "${device}" ip6 saddr ${subnet6}/64 masquerade\n`}  }
}
`
}

/**
 * A connection stays "new" until somebody answers, but only its first packet belongs to an entry that is not in the
 * kernel's list yet: it gets there when a packet has left, so one that was dropped counts again.
 */
const FIRST = 'ct state new ct status & confirmed == 0'

/**
 * What a client sends is limited here, what it receives by the queue (`shaper.ts`). A connection too many is
 * refused at once; one too soon is dropped, because a TCP that tries again a second later is no harm.
 */
function limitRules(limits: ServerLimits): string {
  const { bytesPerSecond, totalBytesPerSecond, maxConnections, newConnectionsPerSecond } = limits
  const over = (bytes: number) => `limit rate over ${bytes} bytes/second burst ${burstBytes(bytes)} bytes`
  const each = [
    ['4', 'ip saddr'],
    ['6', 'ip6 saddr'],
  ].map(([family, client]) => ({
    rate: bytesPerSecond === undefined ? [] : [`update @rate${family} { ${client} ${over(bytesPerSecond)} } drop`],
    connections: [
      `${FIRST} update @fresh${family} { ${client} limit rate over ${newConnectionsPerSecond}/second burst ${newConnectionsPerSecond * 2} packets } drop`,
      `${FIRST} add @open${family} { ${client} ct count over ${maxConnections} } reject with icmpx admin-prohibited`,
    ],
  }))
  return [
    ...each.flatMap(({ connections }) => connections),
    ...each.flatMap(({ rate }) => rate),
    ...(totalBytesPerSecond === undefined ? [] : [`${over(totalBytesPerSecond)} drop`]),
  ]
    .map((rule) => `    ${rule}\n`)
    .join('')
}

/** What a client may send at once: 50 ms, and never less than a few large packets. */
export function burstBytes(bytesPerSecond: number): number {
  return Math.max(128 * 1024, Math.round(bytesPerSecond / 20))
}

export type Client = { number: number; address4: string; address6: string | undefined }

export function admitClient(table: string, { number, address4, address6 }: Client): string {
  const add = (set: string, element: string) => `add element inet ${table} ${set} { ${element} }\n`
  const classId = `1:${number.toString(16)}`
  return (
    add('class4', `${address4} : ${classId}`) +
    add('up4', address4) +
    add('down4', address4) +
    (address6 === undefined
      ? ''
      : add('class6', `${address6} : ${classId}`) + add('up6', address6) + add('down6', address6))
  )
}

export function removeClient(table: string, { address4, address6 }: Client): string {
  const remove = (set: string, element: string) => `delete element inet ${table} ${set} { ${element} }\n`
  return (
    remove('up4', address4) +
    remove('down4', address4) +
    remove('class4', address4) +
    (address6 === undefined ? '' : remove('up6', address6) + remove('down6', address6) + remove('class6', address6))
  )
}

/**
 * Whoever gets the address next starts with no connection counted. The element is there only after a first
 * connection, and deleting what is not there fails: so it is added first.
 */
export function forgetConnections(table: string, { address4, address6 }: Client): string {
  const forget = (set: string, element: string) =>
    ['add', 'delete'].map((verb) => `${verb} element inet ${table} ${set} { ${element} }\n`).join('')
  return forget('open4', address4) + (address6 === undefined ? '' : forget('open6', address6))
}

/** This machine's networks as they are now; they change when it moves. */
export function ownNetworkRules(table: string, own: { ipv4: readonly string[]; ipv6: readonly string[] }): string {
  const fill = (set: string, networks: readonly string[]) =>
    `flush set inet ${table} ${set}\n${networks.length === 0 ? '' : `add element inet ${table} ${set} { ${networks.join(', ')} }\n`}`
  return fill('own4', own.ipv4) + fill('own6', own.ipv6)
}

/** Bytes per address out of `nft -j list table`, by name of the set. */
export function readCounters(json: string): Map<string, Map<string, bigint>> {
  const sets = new Map<string, Map<string, bigint>>()
  const { nftables = [] } = JSON.parse(json) as { nftables?: { set?: NftSet }[] }
  for (const { set } of nftables) {
    if (set === undefined) continue
    const counters = new Map<string, bigint>()
    for (const { elem } of (set.elem ?? []).filter((entry) => typeof entry === 'object')) {
      if (elem?.counter) counters.set(elem.val, BigInt(elem.counter.bytes))
    }
    sets.set(set.name, counters)
  }
  return sets
}

type NftSet = { name: string; elem?: { elem?: { val: string; counter?: { bytes: number } } }[] }
