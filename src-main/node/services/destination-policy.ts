import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Where a provider lets its customers go: the public internet and nothing else (PROTOCOL, provider
 * traffic rules). Every service type asks here, with an address that is already resolved; what comes
 * back is what to connect to, so that nothing is resolved twice.
 */
export type DestinationPolicy = {
  /**
   * The address to connect to, in its plain form, or undefined when this destination is refused. `here`: what
   * the caller knows of the provider that is asked.
   */
  permit(address: string, port: number, here?: Here): PermittedAddress | undefined
}

/** `publicAddress` is this machine's own as seen from outside; `allowMail` opens the mail ports. */
export type Here = { publicAddress?: string; allowMail?: boolean }

export type PermittedAddress = { address: string; family: 4 | 6 }

export type DestinationPolicyOptions = {
  /** Exact exceptions to every rule below: the demo's own web page on one machine, and tests. */
  allow?: readonly { address: string; port: number }[]
  /**
   * Networks (`192.0.2.7/24`) that this machine is part of. With IPv6 a home network has public
   * addresses, so a list of private ranges alone would leave it open. Asked again every 10 s.
   */
  ownNetworks?: () => readonly string[]
}

/** Mail submission and relay: an open way out would make every provider a spammer's relay. */
export const CLOSED_PORTS: readonly number[] = [25, 465, 587]

/**
 * IPv4 that is not the public internet (IANA special-purpose registry). The documentation ranges of
 * RFC 5737 and RFC 3849 are left out on purpose: nobody lives there but a test network's "internet".
 */
export const REFUSED_IPV4: readonly string[] = [
  '0.0.0.0/8', // "this network"; 0.0.0.0 itself is the own machine on Linux
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT, and one cloud's metadata service
  '127.0.0.0/8',
  '168.63.129.16/32', // metadata service of a cloud, in the middle of public space
  '169.254.0.0/16', // link-local, and most clouds' metadata services
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments, and one cloud's metadata service
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '198.18.0.0/15', // benchmarks
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
]

/** IPv6: everything outside of this is refused, and of this the following. */
export const PUBLIC_IPV6 = '2000::/3'
export const REFUSED_IPV6: readonly string[] = [
  '2001::/23', // protocol assignments: Teredo, ORCHID, benchmarks
  '2002::/16', // 6to4: an IPv4 address in disguise
  '3fff::/20',
]

/** RFC 6052: IPv6-only networks reach IPv4 through this prefix; the IPv4 inside is what counts. */
const NAT64 = '64:ff9b::/96'
const MAPPED = '::ffff:0:0/96'
const OWN_NETWORKS_AGE_MS = 10_000

export function createDestinationPolicy(options: DestinationPolicyOptions = {}): DestinationPolicy {
  const refused = listOf([...REFUSED_IPV4, ...REFUSED_IPV6])
  const publicIPv6 = listOf([PUBLIC_IPV6])
  const nat64 = listOf([NAT64])
  const mapped = listOf([MAPPED])
  const ownNetworks = options.ownNetworks ?? interfaceNetworks
  let own = { list: new BlockList(), readAtMs: Number.NEGATIVE_INFINITY }

  const isOwn = (address: string, family: 'ipv4' | 'ipv6') => {
    // A monotonic clock, because a wall clock set back would keep an old list for long.
    const nowMs = performance.now()
    if (nowMs - own.readAtMs > OWN_NETWORKS_AGE_MS) own = { list: listOf(ownNetworks()), readAtMs: nowMs }
    return own.list.check(address, family)
  }

  const permitIPv4 = (address: string) => !refused.check(address, 'ipv4') && !isOwn(address, 'ipv4')

  return {
    permit(address, port, { publicAddress, allowMail } = {}) {
      if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined
      const plain = plainForm(address, mapped)
      if (!plain) return undefined
      for (const exception of options.allow ?? []) {
        if (exception.port === port && plainForm(exception.address, mapped)?.address === plain.address) return plain
      }
      if (!allowMail && CLOSED_PORTS.includes(port)) return undefined
      if (publicAddress !== undefined && plainForm(publicAddress, mapped)?.address === plain.address) return undefined
      if (plain.family === 4) return permitIPv4(plain.address) ? plain : undefined
      if (nat64.check(plain.address, 'ipv6')) return permitIPv4(lastFourBytes(plain.address)) ? plain : undefined
      if (!publicIPv6.check(plain.address, 'ipv6') || refused.check(plain.address, 'ipv6')) return undefined
      return isOwn(plain.address, 'ipv6') ? undefined : plain
    },
  }
}

/** One spelling per address; IPv4-mapped IPv6 becomes the IPv4 it is. Undefined: not an address. */
function plainForm(address: string, mapped: BlockList): PermittedAddress | undefined {
  if (isIPv4(address)) return { address, family: 4 }
  // A zone ("fe80::1%eth0") names an interface of this machine: never a destination on the internet.
  if (!isIPv6(address) || address.includes('%')) return undefined
  if (mapped.check(address, 'ipv6')) return { address: lastFourBytes(address), family: 4 }
  return { address: canonicalIPv6(address), family: 6 }
}

/** The URL parser is the one canonical printer of IPv6 that the platform ships. */
function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1)
}

function lastFourBytes(address: string): string {
  const [high = 0, low = 0] = canonicalIPv6(address)
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family)
  }
  return list
}

function interfaceNetworks(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ cidr, address }) => cidr ?? address),
  )
}
