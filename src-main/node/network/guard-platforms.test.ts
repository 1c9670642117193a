import { describe, expect, it } from 'vitest'
import { type GuardRules, guardRules, removeGuard, TUNNEL_MARK } from '../../helper/guard.ts'
import { PF_OPEN, pfRules } from '../../helper/guard-pf.ts'
import { removeWindowsRules, windowsRules } from '../../helper/guard-windows.ts'
import { type Judge, judgeByNft, judgeByPf, judgeByWindows, type Packet } from '../testing/guard-judges.ts'

/** What may pass in which state is one thing on every system: one table, three columns. */
const DEVICE = 'utun4'
const WHO = { sid: 'S-1-5-21-1-2-3-1001', openvpn: 'C:\\Program Files\\Mysterium\\openvpn.exe' }
const openvpn = { user: 0, mark: TUNNEL_MARK, sid: 'S-1-5-18', program: WHO.openvpn }
const node = { user: 501, sid: WHO.sid, program: 'C:\\Program Files\\Mysterium\\Mysterium.exe' }
const other = { user: 502, sid: 'S-1-5-21-1-2-3-1002', program: 'C:\\Windows\\curl.exe' }

const lockdown: GuardRules = {
  user: 0,
  allowLocalNetwork: false,
  controlEndpoints: [],
  remotes: [],
  tunnel: undefined,
}
const blocked: GuardRules = {
  ...lockdown,
  user: node.user,
  controlEndpoints: [
    { address: '192.0.2.10', port: 8545 },
    { address: '2001:db8::10', port: 8883 },
    { address: '192.0.2.11', port: 853 },
  ],
}
const connecting: GuardRules = {
  ...blocked,
  remotes: [
    { address: '203.0.113.10', port: 53, protocol: 'udp' },
    { address: '2001:db8::20', port: 443, protocol: 'tcp' },
  ],
}
const tunnel: GuardRules = {
  ...connecting,
  tunnel: { device: DEVICE, address4: '10.9.8.2', address6: 'fd00::2', dns: undefined },
}
const states = {
  open: undefined,
  lockdown,
  blocked,
  'blocked, local': { ...blocked, allowLocalNetwork: true },
  connecting,
  tunnel,
  'tunnel, local': { ...tunnel, allowLocalNetwork: true },
  'tunnel, resolver': { ...tunnel, resolver: '192.0.2.53' },
} satisfies Record<string, GuardRules | undefined>
type State = keyof typeof states

const every = Object.keys(states) as State[]
const local: State[] = ['open', 'blocked, local', 'tunnel, local']
const tunnels: State[] = ['open', 'tunnel', 'tunnel, local', 'tunnel, resolver']
const made: State[] = [...tunnels, 'connecting']
const told: State[] = every.filter((state) => state !== 'lockdown')
const open: State[] = ['open']

const own = (to: string) => (to.includes(':') ? 'fe80::2' : '192.168.1.2')
const out = (target: string, protocol: 'tcp' | 'udp', targetPort: number, more: Partial<Packet> = {}): Packet => {
  const from = { direction: 'out', device: 'en0', source: own(target), sourcePort: 50_000, by: other } as const
  return { ...from, target, protocol, targetPort, ...more }
}
const icmp = (direction: 'out' | 'in', address: string, type: string): Packet => {
  const [source, target] = direction === 'out' ? [own(address), address] : [address, own(address)]
  const protocol = address.includes(':') ? 'icmpv6' : 'icmp'
  return { direction, device: 'en0', protocol, source, target, type, by: other }
}
const into = (source: string, protocol: 'tcp' | 'udp', ports: [number, number], more: Partial<Packet> = {}): Packet => {
  const [sourcePort, targetPort] = ports
  return { direction: 'in', device: 'en0', source, target: own(source), protocol, sourcePort, targetPort, ...more }
}
const [inside, back] = [{ device: DEVICE }, { reply: true }]

const cases: [what: string, where: State[], packet: Packet][] = [
  ['loopback', every, out('127.0.0.1', 'tcp', 80, { device: 'lo' })],
  ['loopback, IPv6', every, out('::1', 'udp', 53, { device: 'lo' })],
  // Whatever belongs to nobody here.
  ['the web, beside', open, out('198.51.100.9', 'tcp', 443)],
  ['the web, beside, IPv6', open, out('2001:db8:9::9', 'tcp', 443)],
  ['the web, beside, by the node', open, out('198.51.100.9', 'tcp', 443, { by: node })],
  ['the web, beside, by OpenVPN', open, out('198.51.100.9', 'udp', 443, { by: openvpn })],
  ['ping', open, icmp('out', '198.51.100.9', 'echo-request')],
  ['ping, IPv6', open, icmp('out', '2001:db8:9::9', 'echo-request')],
  ['another protocol', open, { ...icmp('out', '198.51.100.9', ''), protocol: 'gre' }],
  // The tunnel and what carries it.
  ['the web, inside', tunnels, out('198.51.100.9', 'tcp', 443, inside)],
  ['the web, inside, IPv6', tunnels, out('2001:db8:9::9', 'udp', 443, inside)],
  ['ping, inside', tunnels, { ...icmp('out', '198.51.100.9', 'echo-request'), ...inside }],
  ['OpenVPN', made, out('203.0.113.10', 'udp', 53, { by: openvpn })],
  ['OpenVPN, IPv6', made, out('2001:db8::20', 'tcp', 443, { by: openvpn })],
  ['OpenVPN, another port', open, out('203.0.113.10', 'udp', 54, { by: openvpn })],
  ['OpenVPN, another protocol', open, out('203.0.113.10', 'tcp', 53, { by: openvpn })],
  ['its provider, by others', open, out('203.0.113.10', 'udp', 53)],
  ['its provider, by the node', open, out('2001:db8::20', 'tcp', 443, { by: node })],
  ['OpenVPN is answered', made, into('203.0.113.10', 'udp', [53, 50_000], { ...back, by: openvpn })],
  ['OpenVPN is answered, IPv6', made, into('2001:db8::20', 'tcp', [443, 50_000], { ...back, by: openvpn })],
  ['its provider, unasked', open, into('203.0.113.10', 'udp', [53, 5353])],
  ['an answer, inside', tunnels, into('198.51.100.9', 'tcp', [443, 50_000], { ...inside, ...back })],
  ['unasked, inside', open, into('198.51.100.9', 'tcp', [50_000, 22], inside)],
  ['unasked, inside, IPv6', open, into('2001:db8:9::9', 'udp', [50_000, 5353], inside)],
  // Chain and broker.
  ['control', told, out('192.0.2.10', 'tcp', 8545, { by: node })],
  ['control, IPv6', told, out('2001:db8::10', 'tcp', 8883, { by: node })],
  ['control is answered', told, into('192.0.2.10', 'tcp', [8545, 50_000], { ...back, by: node })],
  ['control, by others', open, out('192.0.2.10', 'tcp', 8545)],
  ['control, another port', open, out('192.0.2.10', 'tcp', 443, { by: node })],
  ['control, another protocol', open, out('192.0.2.10', 'udp', 8545, { by: node })],
  ['control on a port of names', open, out('192.0.2.11', 'tcp', 853, { by: node })],
  // Names.
  ['a name of the router', open, out('192.168.1.1', 'udp', 53)],
  ['a name of the router, TCP', open, out('192.168.1.1', 'tcp', 53)],
  ['a name of the router, TLS', open, out('fe80::1', 'tcp', 853)],
  ['a name of a public server', open, out('192.0.2.53', 'udp', 53)],
  ['a name, inside', tunnels, out('192.0.2.53', 'udp', 53, inside)],
  [
    'a name, inside, IPv6',
    tunnels.filter((state) => !state.includes('resolver')),
    out('2001:db8::53', 'udp', 53, inside),
  ],
  // What keeps the link.
  ['DHCP asks', every, out('255.255.255.255', 'udp', 67, { sourcePort: 68 })],
  ['DHCP renews', every, out('192.168.1.1', 'udp', 67, { sourcePort: 68 })],
  ['DHCP, far away', open, out('198.51.100.9', 'udp', 67, { sourcePort: 68 })],
  ['DHCP, from another port', local, out('192.168.1.1', 'udp', 67)],
  ['DHCP answers', every, into('192.168.1.1', 'udp', [67, 68])],
  ['DHCPv6 asks', every, out('ff02::1:2', 'udp', 547, { sourcePort: 546 })],
  ['DHCPv6 answers', every, into('fe80::1', 'udp', [547, 546])],
  ['routers are looked for', every, icmp('out', 'ff02::2', 'nd-router-solicit')],
  ['a router tells', every, icmp('in', 'fe80::1', 'nd-router-advert')],
  ['neighbours are looked for', every, icmp('out', 'ff02::1:ff00:1', 'nd-neighbor-solicit')],
  ['a neighbour is answered', every, icmp('out', 'fe80::1', 'nd-neighbor-advert')],
  ['a neighbour asks', every, icmp('in', 'fe80::1', 'nd-neighbor-solicit')],
  ['a router is no source of advertisements of ours', local, icmp('out', 'fe80::1', 'nd-router-advert')],
  // The network around.
  ['the printer', local, out('192.168.1.9', 'tcp', 631)],
  ['the printer, IPv6', local, out('fd12::9', 'tcp', 631)],
  ['the printer, ping', local, icmp('out', '192.168.1.9', 'echo-request')],
  ['who is there', local, out('224.0.0.251', 'udp', 5353)],
  ['who is there, IPv6', local, out('ff02::fb', 'udp', 5353)],
  ['a neighbour calls', local, into('192.168.1.9', 'tcp', [50_000, 22])],
  ['a neighbour calls, IPv6', local, into('fe80::9', 'tcp', [50_000, 22])],
  ['a stranger calls', open, into('198.51.100.9', 'tcp', [50_000, 22])],
  ['a group beyond the site', open, out('232.1.1.1', 'udp', 5000)],
  ['a group beyond the site, IPv6', open, out('ff0e::1', 'udp', 5000)],
]

const columns: [string, Judge, (rules: GuardRules | undefined) => string][] = [
  ['Linux (nft)', judgeByNft, (rules) => (rules ? guardRules(rules) : removeGuard())],
  ['macOS (pf)', judgeByPf, (rules) => (rules ? pfRules(rules) : PF_OPEN)],
  ['Windows', judgeByWindows, (rules) => (rules ? windowsRules(rules, WHO) : removeWindowsRules())],
]

describe.each(columns)('the guard on %s', (_, judge, textOf) => {
  it.each(every)('lets pass what it should, and nothing else: %s', (state) => {
    const text = textOf(states[state])
    const passing = cases.filter(([, , packet]) => judge(text, packet)).map(([what]) => what)
    expect(passing).toEqual(cases.filter(([, where]) => where.includes(state)).map(([what]) => what))
  })
})

// nft is given what the helper's requests have let in: `guard.test.ts`.
describe.each(columns.slice(1))('the text of the guard on %s', (_name, _judge, textOf) => {
  it.each(['"', "'", '`', '$(x)', '\n', ';', '|', '%en0', '{', '/0'])('has no place for %j', (strange) => {
    const [remote] = connecting.remotes
    if (!tunnel.tunnel || !remote) throw new Error('no tunnel')
    for (const rules of [
      { ...tunnel, tunnel: { ...tunnel.tunnel, device: `utun4${strange}` } },
      { ...tunnel, tunnel: { ...tunnel.tunnel, address4: `10.9.8.2${strange}` } },
      { ...tunnel, tunnel: { ...tunnel.tunnel, address6: `fd00::2${strange}` } },
      { ...tunnel, tunnel: { ...tunnel.tunnel, dns: `192.0.2.53${strange}` } },
      { ...tunnel, resolver: `192.0.2.53${strange}` },
      { ...tunnel, remotes: [{ ...remote, address: `fe80::1${strange}` }] },
      { ...tunnel, remotes: [{ ...remote, protocol: `udp${strange}` as 'udp' }] },
      { ...tunnel, controlEndpoints: [{ address: '192.0.2.1', port: `1${strange}` as never }] },
      { ...tunnel, user: `0${strange}` as never },
    ]) {
      expect(() => textOf(rules), JSON.stringify(rules)).toThrow(/not what/)
    }
  })
})

describe('what only one of them can say', () => {
  it('keeps the tunnel address from neighbours: nft and pf; Windows takes no packet for another interface', () => {
    const rules = states['tunnel, local']
    for (const [source, target] of [
      ['192.168.1.9', '10.9.8.2'],
      ['fe80::9', 'fd00::2'],
    ] as const) {
      const packet = { ...into(source, 'tcp', [50_000, 80]), target }
      expect(judgeByNft(guardRules(rules), { ...packet, target: own(target) })).toBe(true)
      expect(judgeByNft(guardRules(rules), packet)).toBe(false)
      expect(judgeByPf(pfRules(rules), { ...packet, target: own(target) })).toBe(true)
      expect(judgeByPf(pfRules(rules), packet)).toBe(false)
    }
  })

  it('asks one name server only, where one was chosen: pf and Windows; nft leads the others there', () => {
    const stranger = out('192.0.2.99', 'udp', 53, inside)
    for (const [judge, text] of [
      [judgeByPf, pfRules(states['tunnel, resolver'])],
      [judgeByWindows, windowsRules(states['tunnel, resolver'], WHO)],
    ] as const) {
      expect(judge(text, { ...stranger, target: '192.0.2.53' })).toBe(true)
      expect(judge(text, stranger)).toBe(false)
    }
    expect(guardRules(states['tunnel, resolver'])).toContain('ip daddr != 192.0.2.53')
  })

  it('takes no other words for who is meant on Windows', () => {
    for (const who of [
      { ...WHO, sid: 'S-1-5-18)(A;;CC;;;WD' },
      { ...WHO, sid: 'WD' },
      { ...WHO, openvpn: "C:\\a'; calc.exe" },
      { ...WHO, openvpn: 'openvpn.exe' },
      { ...WHO, openvpn: 'C:\\$env:TEMP\\openvpn.exe' },
    ]) {
      expect(() => windowsRules(tunnel, who)).toThrow(/not what/)
    }
  })

  it('is replaced as one: a copy of the policy is opened, and saved at the end', () => {
    for (const script of [windowsRules(tunnel, WHO), removeWindowsRules()]) {
      const lines = script.trimEnd().split('\n')
      expect(lines.slice(0, 2)).toEqual([
        "$ErrorActionPreference = 'Stop'",
        "$gpo = Open-NetGPO -PolicyStore 'localhost'",
      ])
      for (const line of lines.slice(2, -1)) expect(line).toContain('-GPOSession $gpo')
      expect(lines.at(-1)).toBe('Save-NetGPO -GPOSession $gpo')
    }
  })
})
