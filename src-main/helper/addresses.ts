import { randomBytes, randomInt } from 'node:crypto'
import { BlockList, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Mail submission and relay: an open way out would make every provider a spammer's relay. */
export const CLOSED_PORTS: readonly number[] = [25, 465, 587]

/**
 * IPv4 that is not the public internet (IANA special-purpose registry). The documentation ranges of
 * RFC 5737 are left out on purpose: nobody lives there but a test network's "internet". The same as
 * what the other service types refuse (`services/destination-policy.ts`; a test compares them).
 */
export const REFUSED_IPV4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT, and one cloud's metadata service
  '127.0.0.0/8',
  '168.63.129.16/32', // metadata service of a cloud, in the middle of public space
  '169.254.0.0/16', // link-local, and most clouds' metadata services
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** IPv6: everything outside of this is refused, and of this the following. */
export const PUBLIC_IPV6 = '2000::/3'
export const REFUSED_IPV6: readonly string[] = ['2001::/23', '2002::/16', '3fff::/20']

const DOCUMENTATION = listOf(['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'])
const PRIVATE_IPV4 = listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'])
const UNIQUE_LOCAL = listOf(['fc00::/7'])
const NO_REMOTE = listOf([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fe80::/10',
  'ff00::/8',
])

/**
 * Networks that this machine is part of, apart from the tunnel itself. With IPv6 a home network has
 * public addresses, so a list of private ranges alone would leave it open to the provider's customers.
 */
export function ownNetworks(exceptDevice: string): { ipv4: string[]; ipv6: string[] } {
  const own = Object.entries(networkInterfaces())
    .filter(([device]) => device !== exceptDevice)
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address, family, cidr }) => {
      return !internal && cidr !== null && !DOCUMENTATION.check(address, family === 'IPv4' ? 'ipv4' : 'ipv6')
    })
  const of = (family: string) => own.filter((entry) => entry.family === family).map((entry) => entry.cidr ?? '')
  return { ipv4: of('IPv4'), ipv6: of('IPv6').filter((cidr) => !cidr.startsWith('fe80:')) }
}

/** Whether an address can be somebody's OpenVPN: not this machine, not everybody. */
export function isPossibleRemote(address: string): boolean {
  // An IPv4 address in disguise would pass by the list.
  if (address.toLowerCase().startsWith('::ffff:')) return false
  return !NO_REMOTE.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** The provider chooses our address in the tunnel: it must be private, and not one of our own network's. */
export function isAcceptableTunnelAddress(address: string, device: string): boolean {
  if (!isIPv4(address)) return UNIQUE_LOCAL.check(address, 'ipv6')
  return PRIVATE_IPV4.check(address, 'ipv4') && !listOf(ownNetworks(device).ipv4).check(address, 'ipv4')
}

/**
 * A /24 out of 10.0.0.0/8 that overlaps with no route of this machine. `taken` are destinations as `ip
 * route` prints them. Random, so that two providers on one machine, or a chain of them, do not meet.
 */
export function freeSubnet4(taken: readonly string[]): string | undefined {
  const ranges = taken.map(rangeOf).filter((range) => range !== undefined)
  for (let attempt = 0; attempt < 500; attempt++) {
    const subnet = `10.${randomInt(64, 255)}.${randomInt(0, 256)}.0`
    const [first, last] = rangeOf(`${subnet}/24`) ?? [0, 0]
    if (ranges.every(([low, high]) => last < low || first > high)) return subnet
  }
  return undefined
}

/** A unique local /64 (RFC 4193), as the prefix before a host part of at most 16 bits. */
export function freeSubnet6(): string {
  const bytes = randomBytes(5)
  const [high, middle, low] = [0xfd00 + bytes.readUInt8(0), bytes.readUInt16BE(1), bytes.readUInt16BE(3)]
  // As the kernel prints it, so that it is found again in what the firewall lists.
  return `${high.toString(16)}:${middle.toString(16)}:${low.toString(16)}:1::`
}

/** First and last address of an IPv4 network as numbers; undefined for "default" and for what is no network. */
function rangeOf(network: string): [number, number] | undefined {
  const [address = '', bits = '32'] = network.split('/')
  if (!isIPv4(address)) return undefined
  const first = address.split('.').reduce((value, byte) => value * 256 + Number(byte), 0)
  return [first, first + 2 ** (32 - Number(bits)) - 1]
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}
