import { bad } from './fields.ts'
import { type GuardRules, LOCAL_IPV4, LOCAL_IPV6, MULTICAST_IPV4, MULTICAST_IPV6 } from './guard.ts'
import { checkRules, NAME_PORTS } from './guard-check.ts'

/** Who is meant, in the words of Windows: numbers of users are no use there. */
export type WindowsWho = {
  /** The security identifier of whose programs may speak to the control endpoints (S-1-5-21-…). */
  sid: string
  /** Full path of our OpenVPN; anybody's copy elsewhere is not it. */
  openvpn: string
}

type Conditions = {
  InterfaceAlias?: string
  Protocol?: 'TCP' | 'UDP' | 'ICMPv4' | 'ICMPv6'
  RemoteAddress?: readonly string[]
  LocalPort?: string
  RemotePort?: readonly string[]
  IcmpType?: readonly string[]
  Program?: string
  LocalUser?: string
}

const GROUP = 'Mysterium guard'
/** Every port but those on which names are asked: here a rule that closes is stronger than any that opens. */
const OTHER_PORTS = portsBut(NAME_PORTS)
const OPEN = `$ErrorActionPreference = 'Stop'
$gpo = Open-NetGPO -PolicyStore 'localhost'
Get-NetFirewallRule -GPOSession $gpo -Group '${GROUP}' -ErrorAction SilentlyContinue | Remove-NetFirewallRule -GPOSession $gpo
`
const SAVE = 'Save-NetGPO -GPOSession $gpo\n'

/**
 * The network guard for Windows, as a PowerShell script: the profiles let nothing pass but what is named here, in
 * the computer's own policy, which is opened as a copy and saved as one. Rules of anybody else's do not count while
 * it stands. Windows never filters loopback, and a packet for an address of another interface is not taken (strong
 * host model). Throws `BadRequest`.
 */
export function windowsRules(rules: GuardRules, { sid, openvpn }: WindowsWho): string {
  checkRules(rules, /^[A-Za-z0-9][A-Za-z0-9 _-]{0,62}$/)
  if (!/^S-1-5(-\d{1,10}){1,8}$/.test(sid)) throw bad('sid')
  if (!/^[A-Z]:(\\[A-Za-z0-9._() -]+)+\.exe$/.test(openvpn)) throw bad('openvpn')
  const { allowLocalNetwork, controlEndpoints, remotes, tunnel, resolver } = rules
  const local = [...LOCAL_IPV4, ...LOCAL_IPV6]
  const outward: Conditions[] = [
    ...(tunnel ? throughTunnel(tunnel.device, resolver) : []),
    ...remotes.map(
      ({ address, port, protocol }): Conditions => ({
        Protocol: protocol === 'tcp' ? 'TCP' : 'UDP',
        RemoteAddress: [address],
        RemotePort: [String(port)],
        Program: openvpn,
      }),
    ),
    ...controlEndpoints
      .filter(({ port }) => !NAME_PORTS.includes(port))
      .map(({ address, port }): Conditions => {
        const to = { RemoteAddress: [address], RemotePort: [String(port)] }
        return { Protocol: 'TCP', ...to, LocalUser: `D:(A;;CC;;;${sid})` }
      }),
    { Protocol: 'UDP', LocalPort: '68', RemoteAddress: [...LOCAL_IPV4, '255.255.255.255'], RemotePort: ['67'] },
    { Protocol: 'UDP', LocalPort: '546', RemoteAddress: ['ff02::1:2'], RemotePort: ['547'] },
    { Protocol: 'ICMPv6', RemoteAddress: ['fe80::/10', 'ff02::/16'], IcmpType: ['133', '135', '136'] },
    ...(allowLocalNetwork ? anything([...local, ...MULTICAST_IPV4, ...MULTICAST_IPV6], OTHER_PORTS) : []),
  ]
  const inward: Conditions[] = [
    { Protocol: 'UDP', LocalPort: '68', RemotePort: ['67'] },
    { Protocol: 'UDP', LocalPort: '546', RemoteAddress: ['fe80::/10'], RemotePort: ['547'] },
    { Protocol: 'ICMPv6', IcmpType: ['134', '135', '136'] },
    { Protocol: 'ICMPv4', IcmpType: ['3:4'] },
    { Protocol: 'ICMPv6', IcmpType: ['2'] },
    ...(allowLocalNetwork ? [{ RemoteAddress: local }] : []),
  ]
  return [
    OPEN,
    profiles('True', 'Block', 'False'),
    ...outward.map((conditions) => allow('Outbound', conditions)),
    ...inward.map((conditions) => allow('Inbound', conditions)),
    SAVE,
  ].join('')
}

/** Takes it all back: the computer's policy says nothing any more, and its own rules count again. */
export function removeWindowsRules(): string {
  return [OPEN, profiles('NotConfigured', 'NotConfigured', 'NotConfigured'), SAVE].join('')
}

function profiles(enabled: string, action: string, localRules: string): string {
  const actions = `-DefaultOutboundAction ${action} -DefaultInboundAction ${action}`
  return `Set-NetFirewallProfile -GPOSession $gpo -All -Enabled ${enabled} ${actions} -AllowLocalFirewallRules ${localRules}\n`
}

function throughTunnel(device: string, resolver: string | undefined): Conditions[] {
  if (resolver === undefined) return [{ InterfaceAlias: device }]
  const asked = (['TCP', 'UDP'] as const).map((Protocol) => ({
    Protocol,
    RemoteAddress: [resolver],
    RemotePort: ['53'],
  }))
  return [...asked, ...anything(undefined, portsBut([53]))].map((rule) => ({ InterfaceAlias: device, ...rule }))
}

/** A rule knows ports only together with one protocol. */
function anything(to: readonly string[] | undefined, ports: readonly string[]): Conditions[] {
  const where = to ? { RemoteAddress: to } : {}
  return [
    { Protocol: 'TCP', ...where, RemotePort: ports },
    { Protocol: 'UDP', ...where, RemotePort: ports },
    { Protocol: 'ICMPv4', ...where },
    { Protocol: 'ICMPv6', ...where },
  ]
}

/** Ascending ports left out of all there are, as ranges. */
function portsBut(closed: readonly number[]): string[] {
  const starts = [1, ...closed.map((port) => port + 1)]
  const ends = [...closed.map((port) => port - 1), 65_535]
  return starts.map((start, index) => `${start}-${ends[index]}`)
}

function allow(direction: 'Inbound' | 'Outbound', conditions: Conditions): string {
  const quoted = (value: string | readonly string[]) =>
    [value]
      .flat()
      .map((text) => `'${text}'`)
      .join(',')
  const words = Object.entries(conditions).map(([name, value]) => `-${name} ${quoted(value)}`)
  const head = `New-NetFirewallRule -GPOSession $gpo -DisplayName '${GROUP}' -Group '${GROUP}' -Profile Any`
  return `${head} -Direction ${direction} -Action Allow ${words.join(' ')} | Out-Null\n`
}
