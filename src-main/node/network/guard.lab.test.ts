import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../localnet/hosts.ts'
import { createAuthority, createRequest, issueClient, issueServer } from '../services/openvpn/certificates.ts'
import { decodePem, encodeStaticKey } from '../services/openvpn/pem.ts'
import { createHostNodes, type HostNode, type HostNodes } from '../testing/host-node.ts'
import { openVpnAvailability } from './openvpn-availability.ts'

/** The privilege port itself; it says each change of the tunnel with the network's state at that moment. */
const NODE = `
const operations = privilege
privilege.onEvent((event) => {
  if (event.event === 'tunnel') privilege.networkState().then(({ state }) => say({ tunnel: event.state, network: state }))
})`

/**
 * Every kind of packet to a host, at once; "talk" keeps a TCP connection open and says something every 2 ms, and
 * "flood" does that with datagrams. As another user where one is given.
 */
const SENDER = `
const { connect } = require('node:net')
const { createSocket } = require('node:dgram')
const { spawnSync } = require('node:child_process')
const [kind, four, six, port, user] = process.argv.slice(1)
if (user) { process.setgroups([]); process.setgid(Number(user)); process.setuid(Number(user)) }
const quiet = () => undefined
const tcp = (host, to) => new Promise((done) => {
  const socket = connect({ host, port: to, timeout: 2000 })
  socket.on('connect', () => { socket.destroy(); done('connected') })
  socket.on('timeout', () => { socket.destroy(); done('timeout') }); socket.on('error', (error) => done(error.code))
})
const udp = (host, to) => new Promise((done) => {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', quiet).send('probe', to, host, (error) => { socket.close(); done(error ? error.code : 'sent') })
})
const RAW = \`
import socket, struct
four, six = __import__("sys").argv[1:3]
def send(family, kind, proto, to, data):
    s = socket.socket(family, kind, proto)
    try: s.sendto(data, (to, 0))
    except OSError: pass
echo = lambda kind: struct.pack("!BBHHH", kind, 0, 0xf7ff - (kind - 8) * 256 if kind == 8 else 0, 0, 0)
send(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP, four, echo(8))
send(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6, six, echo(128))
send(socket.AF_INET, socket.SOCK_RAW, 253, four, b"raw")
send(socket.AF_INET6, socket.SOCK_RAW, 253, six, b"raw")
\`
async function probe() {
  if (!user) spawnSync('/usr/bin/python3', ['-c', RAW, four, six])
  const results = await Promise.all([tcp(four, port), tcp(six, port), udp(four, port), udp(six, port), tcp(four, 53), tcp(six, 53),
    udp(four, 53), udp(six, 53), udp(four, 853), udp(four, 5353), udp('255.255.255.255', 5000), udp('224.0.0.251', 5353), tcp(four, 853)])
  console.log(JSON.stringify(results))
}
if (kind === 'probe') void probe()
else if (kind === 'talk') {
  const socket = connect({ host: four, port }, () => { console.log('talking'); setInterval(() => socket.write('x'), 2) })
  socket.setNoDelay(true).on('error', (error) => console.log(error.code))
} else if (kind === 'ask') {
  const socket = createSocket('udp4')
  socket.on('error', quiet).on('message', (text) => { console.log(String(text)); process.exit() })
  // Like any resolver: datagrams get lost on a busy machine.
  const send = () => socket.send('who?', port, four, quiet)
  send()
  setInterval(send, 250)
  setTimeout(() => { console.log('nobody'); process.exit() }, 3000)
} else {
  const socket = createSocket('udp4').on('error', quiet)
  setInterval(() => { for (let i = 0; i < 2; i++) socket.send('x', port, four, quiet) }, 1)
  console.log('flooding')
}`

/** A datagram to each of two addresses, where named out of one device whatever the routes: prints what the kernel said. */
const SEND = `
import errno, socket, sys
four, six, device = sys.argv[1:]
for family, to in ((socket.AF_INET, four), (socket.AF_INET6, six)):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if device: s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    try:
        s.sendto(b"beside", (to, 80))
        print("sent")
    except OSError as error: print(errno.errorcode[error.errno])
`

/** A name server of a kind: answers every datagram with who asked. On one address: else it would answer from another. */
const NAMES = `
const dns = require('node:dgram').createSocket('udp6')
dns.on('message', (_, from) => dns.send(from.address, from.port, from.address)).bind(53, process.argv[1], () => console.log('listening'))`

/** The internet: that, and something that swallows what comes by TCP. */
const INTERNET = `
require('node:net').createServer((socket) => socket.on('error', () => undefined).resume())
  .listen({ port: 80, host: '::' }, () => { ${NAMES} })`

/** Counted as it comes from the consumer's link, before the router does anything with it; kernels' own ARP and ND apart. */
const SEEN = (tunnelTo: string) => `table netdev seen
delete table netdev seen
table netdev seen {
  counter tunnel { }
  counter tcp4 { }
  counter tcp6 { }
  counter udp4 { }
  counter udp6 { }
  counter icmp4 { }
  counter icmp6 { }
  counter dns { }
  counter mdns { }
  counter raw { }
  counter total { }
  chain arriving {
    type filter hook ingress device "consumer" priority 0;
    meta protocol arp accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept
    ${tunnelTo}
    counter name total
    meta l4proto { tcp, udp } th dport { 53, 853 } counter name dns
    udp dport 5353 counter name mdns
    ip protocol tcp counter name tcp4
    ip6 nexthdr tcp counter name tcp6
    ip protocol udp counter name udp4
    ip6 nexthdr udp counter name udp6
    ip protocol icmp counter name icmp4
    ip6 nexthdr icmpv6 counter name icmp6
    meta l4proto 253 counter name raw
  }
}
`

const HOST_FIREWALL = `table inet host {
  chain arriving { type filter hook input priority filter; policy accept; ct state { established, related } accept; }
}
`

const PORT = 1194
const OTHER_USER = '65534'
const PRIVATE = ['10.200.0.1', 'fd77::1'] as const

const unavailable =
  whyNoHosts() ??
  (openVpnAvailability().available ? undefined : 'no OpenVPN') ??
  (existsSync('/usr/bin/python3') ? undefined : 'no python3 for raw sockets')

describe.skipIf(unavailable !== undefined)('the network guard [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let serverStart: object
  let tunnelStart: { controlAddresses: string[] }
  let nodes: HostNodes
  const senders: ChildProcess[] = []

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'guardtest', log: silentLogger })
    nodes = createHostNodes(hosts, NODE)
    for (const name of ['internet', 'hub', 'provider'] as const) await listen(name, INTERNET, `::ffff:${address(name)}`)
    const authority = await createAuthority(Date.now())
    const { request, privateKey } = await createRequest()
    const der = decodePem(request, 'CERTIFICATE REQUEST')
    const certificate = der && (await issueClient(authority, der, 'guarded', Date.now()))
    const common = { ca: authority.certificate, tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)) }
    const remotes = [{ address: hosts.host('provider').address, port: PORT, protocol: 'udp' }]
    serverStart = {
      ...common,
      ...(await issueServer(authority, Date.now())),
      port: PORT,
      protocol: 'udp',
      maxSessions: 3,
      maxConnections: 1_000,
      newConnectionsPerSecond: 100,
      allowMail: false,
    }
    tunnelStart = {
      ...common,
      certificate,
      privateKey,
      remotes,
      controlAddresses: [hosts.host('hub').address],
    } as never
  }, 30_000)
  beforeEach(() => hosts.run('router', 'nft', ['-f', '-'], { input: SEEN('') }))
  afterEach(async () => {
    for (const sender of senders.splice(0)) sender.kill('SIGKILL')
    await nodes.end()
    await hosts.run('consumer', process.execPath, [helper, '--reset-network'])
  })
  afterAll(() => hosts?.dispose())

  const helper = new URL('../../helper/main.ts', import.meta.url).pathname
  const commandLine = new URL('../../doors/cli/main.ts', import.meta.url).pathname
  const address = (name: HostName) => hosts.host(name).address

  async function listen(name: HostName | 'router', program: string, ...args: string[]): Promise<ChildProcess> {
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    const server = hosts.exec(name, process.execPath, ['-e', program, ...args], { stdio: [...stdio] })
    const ended = once(server, 'exit').then(() => Promise.reject(new Error(`nobody listens on ${name}`)))
    ended.catch(() => undefined)
    if (server.stdout) await Promise.race([once(server.stdout, 'data'), ended])
    return server
  }

  async function node(name: HostName): Promise<HostNode> {
    const made = await nodes.start(name)
    await made.call('ensure')
    return made
  }

  async function provider(): Promise<HostNode> {
    const made = await node('provider')
    await made.call('serverStart', serverStart)
    await made.call('serverAdmit', { commonName: 'guarded' })
    return made
  }

  const set = (state: 'open' | 'blocked', more: object = {}) => ({
    state,
    allowLocalNetwork: false,
    controlEndpoints: [{ address: address('hub'), port: 80 }],
    ...more,
  })

  /** Sends one of everything to the internet; answers what the programs were told. */
  async function probe(user = '', to: HostName = 'internet', port = 80): Promise<string[]> {
    const args = ['-e', SENDER, 'probe', address(to), hosts.host(to).address6, String(port), user]
    return JSON.parse(await hosts.run('consumer', process.execPath, args)) as string[]
  }

  async function sender(kind: 'talk' | 'flood'): Promise<void> {
    const args = ['-e', SENDER, kind, address('internet'), '', '80']
    const child = hosts.exec('consumer', process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    senders.push(child)
    if (child.stdout) await once(child.stdout, 'data')
  }

  async function seen(): Promise<Record<string, number>> {
    const text = await hosts.run('router', 'nft', ['-j', 'list', 'counters', 'table', 'netdev', 'seen'])
    const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] }
    return Object.fromEntries(nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])))
  }

  /** Packets outward that the guard has rejected since its rules were last set. */
  async function rejected(): Promise<number> {
    const text = await hosts.run('consumer', 'nft', ['list', 'chain', 'inet', 'myst_guard', 'outward'])
    return Number(/counter packets (\d+)/.exec(text)?.[1])
  }

  const link = () => hosts.host('consumer').device
  const internet = () => [address('internet'), hosts.host('internet').address6] as const
  const send = async (to: readonly [string, string], device = '') =>
    (await hosts.run('consumer', '/usr/bin/python3', ['-c', SEND, ...to, device])).trim().split('\n')

  /** Routes as a hostile DHCP server and a hostile router would hand them out, towards themselves. */
  async function underHostileRoutes(work: () => Promise<void>): Promise<void> {
    const { gateway, gateway6 } = hosts.host('consumer')
    const [four, six] = internet()
    // With the link: without it the kernel looks the router up in our own tables, and the way leads into the tunnel.
    const [dhcp, advertised] = [
      ['via', gateway, 'dev', link(), 'proto', 'dhcp'],
      ['via', gateway6, 'dev', link(), 'proto', 'ra'],
    ]
    const routes = [
      ...['0.0.0.0/1', '128.0.0.0/1', four, PRIVATE[0]].map((to) => ['-4', to, ...dhcp] as const),
      ...['::/1', '8000::/1', six, PRIVATE[1]].map((to) => ['-6', to, ...advertised] as const),
    ]
    const each = async (verb: 'add' | 'del') => {
      for (const [family, ...route] of routes) await hosts.run('consumer', 'ip', [family, 'route', verb, ...route])
    }
    await each('add')
    try {
      await work()
    } finally {
      await each('del')
    }
  }

  /** From here on: everything but OpenVPN's own packets, none of which is as short as a probe. */
  const watchBesideTunnel = () =>
    hosts.run('router', 'nft', ['-f', '-'], {
      input: SEEN(`ip daddr ${address('provider')} udp dport ${PORT} udp length > 20 counter name tunnel accept`),
    })

  async function until(good: () => Promise<boolean> | boolean, what: string): Promise<void> {
    for (const end = Date.now() + 10_000; !(await good()); await new Promise((resolve) => setTimeout(resolve, 20))) {
      if (Date.now() > end) throw new Error(`not in time: ${what}`)
    }
  }

  /** Who a name server says has asked, or "nobody" when none answered. */
  async function ask(server: string): Promise<string> {
    return (await hosts.run('consumer', process.execPath, ['-e', SENDER, 'ask', server, '', '53'])).trim()
  }

  it('lets everything out when open, and nothing at all when blocked, what was open before included', async () => {
    // A firewall as most machines have one: so what is open before is known to the kernel as established.
    await hosts.run('consumer', 'nft', ['-f', '-'], { input: HOST_FIREWALL })
    const consumer = await node('consumer')
    expect(await consumer.call('networkState')).toEqual({ state: 'open' })
    expect((await probe())[0]).toBe('connected')
    const before = await seen()
    // The positive control: each kind is seen by the very counters that have to stay at nothing below.
    for (const kind of ['tcp4', 'tcp6', 'udp4', 'udp6', 'icmp4', 'icmp6', 'dns', 'raw']) {
      expect(before[kind], kind).toBeGreaterThan(0)
    }
    await sender('talk')
    await sender('flood')
    const talking = await seen()
    await until(async () => Number((await seen()).tcp4) > Number(talking.tcp4) + 5, 'talk')
    await consumer.call('networkSet', set('blocked'))
    const at = await seen()
    expect(await probe()).not.toContain('connected')
    expect(await probe(OTHER_USER)).not.toContain('connected')
    // What talk and flood went on to send met the guard, all of it.
    const met = await rejected()
    await until(async () => (await rejected()) >= met + 100, 'the guard rejects talk and flood')
    expect(await seen()).toEqual(at)
    expect(await consumer.call('networkState')).toMatchObject({ state: 'blocked', since: expect.any(Number) })
    // The control endpoint: this user's TCP to that port, and nothing else.
    await hosts.run('consumer', process.execPath, ['-e', SENDER, 'probe', address('hub'), '::1', '80', OTHER_USER])
    expect(await seen()).toEqual(at)
    expect((await probe('', 'hub'))[0]).toBe('connected')
    const { tcp4 = 0, ...others } = await seen()
    expect(others).toEqual({
      ...others,
      tcp6: at.tcp6,
      udp4: at.udp4,
      udp6: at.udp6,
      icmp4: at.icmp4,
      dns: at.dns,
      raw: at.raw,
    })
    expect(tcp4).toBeGreaterThan(Number(at.tcp4))
    await consumer.call('networkSet', set('open'))
    expect(await consumer.call('networkState')).toEqual({ state: 'open' })
    expect((await probe())[0]).toBe('connected')
    // Nothing of the machine's own was touched.
    expect(await hosts.run('consumer', 'nft', ['list', 'tables'])).toBe('table inet host\n')
    await hosts.run('consumer', 'nft', ['delete', 'table', 'inet', 'host'])
  }, 60_000)

  it('is replaced without a gap', async () => {
    const consumer = await node('consumer')
    await sender('flood')
    await until(async () => Number((await seen()).udp4) > 50, 'flood')
    await consumer.call('networkSet', set('blocked'))
    const at = await seen()
    for (let round = 0; round < 40; round++) {
      await consumer.call('networkSet', set('blocked', { allowLocalNetwork: round % 2 === 0 }))
    }
    expect(await seen()).toEqual(at)
    // The flood went on all the while.
    await consumer.call('networkSet', set('open'))
    await until(async () => Number((await seen()).udp4) > Number(at.udp4) + 50, 'flood')
  }, 60_000)

  const exit = () => `::ffff:${address('provider')}`
  const own = () => `::ffff:${address('consumer')}`

  async function guarded(more: object = {}): Promise<{ consumer: HostNode; device: string }> {
    const consumer = await node('consumer')
    await consumer.call('networkSet', set('blocked', more))
    await sender('flood')
    await watchBesideTunnel()
    const { device }: { device: string } = await consumer.call('tunnelStart', tunnelStart)
    return { consumer, device }
  }

  it('lets nothing pass beside the tunnel, whatever the network around says', async () => {
    await provider()
    const { consumer, device } = await guarded()
    expect(await consumer.call('networkState')).toMatchObject({ state: 'tunnel' })
    expect(await ask(address('internet'))).toBe(exit())
    expect((await probe())[0]).toBe('connected')
    // The other user's packets too, but none of anybody's to the provider itself, its OpenVPN's port included.
    expect((await probe(OTHER_USER))[0]).toBe('connected')
    for (const user of ['', OTHER_USER]) {
      expect(await probe(user, 'provider', PORT)).not.toContain('connected')
      expect((await probe(user, 'provider'))[0]).not.toBe('connected')
    }
    await underHostileRoutes(async () => {
      expect(await ask(address('internet'))).toBe(exit())
      expect((await probe()).slice(0, 2)).toEqual(['connected', 'connected'])
      // What takes those routes meets the guard: private addresses, and who names the link.
      const met = await rejected()
      expect(await send(PRIVATE)).toEqual(['EPERM', 'EPERM'])
      expect(await send(internet(), link())).toEqual(['EPERM', 'EPERM'])
      expect(await rejected()).toBeGreaterThanOrEqual(met + 4)
    })
    const { tunnel, ...others } = await seen()
    expect(tunnel).toBeGreaterThan(100)
    expect(others).toEqual(Object.fromEntries(Object.keys(others).map((kind) => [kind, 0])))
    // Somebody near us asks for the tunnel's address.
    const shown = await hosts.run('consumer', 'ip', ['-4', '-o', 'addr', 'show', 'dev', device])
    const inside = /inet ([\d.]+)/.exec(shown)?.[1] ?? ''
    await hosts.run('router', 'ip', ['route', 'add', inside, 'via', address('consumer')])
    await hosts.run('router', process.execPath, ['-e', SENDER, 'probe', inside, '::1', '80'])
    const rules = await hosts.run('consumer', 'nft', ['list', 'chain', 'inet', 'myst_guard', 'inward'])
    expect(rules).toMatch(new RegExp(`ip daddr ${inside} counter packets [1-9]\\d* bytes \\d+ drop`))
    await consumer.call('tunnelStop')
    expect(await consumer.call('networkState')).toMatchObject({ state: 'blocked' })
    expect(await ask(address('internet'))).toBe('nobody')
    await consumer.call('networkSet', set('open'))
    expect(await ask(address('internet'))).toBe(own())
    // The positive control of what would have gone beside the tunnel.
    await underHostileRoutes(async () => {
      expect(await send(PRIVATE)).toEqual(['sent', 'sent'])
      expect(await send(internet(), link())).toEqual(['sent', 'sent'])
    })
    await until(async () => (await seen()).udp6 === 2, 'the datagrams are seen')
  }, 60_000)

  it('asks for names through the tunnel only, also when the network around names its own server', async () => {
    const [local, resolver] = ['192.168.77.1', '9.9.9.9']
    await hosts.run('consumer', 'ip', ['addr', 'add', '192.168.77.2/24', 'dev', 'eth0'])
    await hosts.run('router', 'ip', ['addr', 'add', `${local}/24`, 'dev', 'consumer'])
    await hosts.run('internet', 'ip', ['addr', 'add', `${resolver}/32`, 'dev', 'lo'])
    await hosts.run('router', 'ip', ['route', 'add', resolver, 'via', address('internet')])
    senders.push(await listen('router', INTERNET, `::ffff:${local}`))
    senders.push(await listen('internet', NAMES, `::ffff:${resolver}`))
    try {
      expect(await ask(local)).toBe('::ffff:192.168.77.2')
      await provider()
      const { consumer } = await guarded({ allowLocalNetwork: true })
      expect(await ask(local)).toBe(exit())
      // A private one that is nowhere near is redirected too; a public one that was set by hand stays.
      expect(await ask('10.200.0.1')).toBe(exit())
      expect(await ask(address('internet'))).toBe(exit())
      expect((await seen()).total).toBe(0)
      // The printer is reached all the same, its name server is not.
      const reach = (port: string) =>
        hosts.run('consumer', process.execPath, ['-e', SENDER, 'probe', local, '::1', port, OTHER_USER])
      await reach('80')
      const near = await seen()
      expect(near.tcp4).toBeGreaterThan(0)
      await consumer.call('tunnelStop')
      expect(await ask(local)).toBe('nobody')
      await reach('80')
      expect((await seen()).dns).toBe(0)
    } finally {
      await hosts.run('consumer', 'ip', ['addr', 'del', '192.168.77.2/24', 'dev', 'eth0'])
      await hosts.run('router', 'ip', ['addr', 'del', `${local}/24`, 'dev', 'consumer'])
    }
  }, 60_000)

  it('stays closed when OpenVPN, the helper or the app is killed', async () => {
    const before = await stateOf()
    await provider()
    const { consumer } = await guarded()
    const [openvpn = 0] = await nodes.find('consumer', 'openvpn\0')
    process.kill(openvpn, 'SIGKILL')
    await until(() => consumer.said.some(({ tunnel }) => tunnel === 'down'), 'the loss is told')
    // Blocked before it was told.
    expect(consumer.said.at(-1)).toEqual({ tunnel: 'down', network: 'blocked' })
    await consumer.call('tunnelStart', tunnelStart)
    expect(await ask(address('internet'))).toBe(exit())

    const [helperPid = 0] = await nodes.find('consumer', 'helper/main.ts')
    process.kill(helperPid, 'SIGKILL')
    await nodes.untilGone('consumer')
    expect(await probe()).not.toContain('connected')
    // Known without a helper, and to the next one.
    expect(await consumer.call('networkState')).toMatchObject({ state: 'blocked' })
    await consumer.call('ensure')
    expect(await consumer.call('networkState')).toMatchObject({ state: 'blocked' })
    expect(await probe()).not.toContain('connected')
    await consumer.call('tunnelStart', tunnelStart)
    expect(await ask(address('internet'))).toBe(exit())

    process.kill(consumer.pid, 'SIGKILL')
    await nodes.untilGone('consumer')
    expect(await probe()).not.toContain('connected')
    const next = await node('consumer')
    expect(await next.call('networkState')).toMatchObject({ state: 'blocked' })
    expect((await seen()).total).toBe(0)
    await next.call('networkSet', set('open'))
    expect(await ask(address('internet'))).toBe(own())
    expect(await stateOf()).toBe(before)
  }, 60_000)

  it('is taken back with everything else by the reset, which needs nobody', async () => {
    const before = await stateOf()
    await provider()
    const { consumer } = await guarded()
    const said = await hosts.run('consumer', process.execPath, [commandLine, 'reset-network', '--json'])
    expect(JSON.parse(said)).toEqual({ event: 'network', state: 'open' })
    expect(await ask(address('internet'))).toBe(own())
    expect(await stateOf()).toBe(before)
    expect(await consumer.call('networkState')).toEqual({ state: 'open' })
    // Also after everybody was killed, and with nothing noted.
    const again = await guarded()
    const [helperPid = 0] = await nodes.find('consumer', 'helper/main.ts')
    for (const pid of [again.consumer.pid, helperPid]) process.kill(pid, 'SIGKILL')
    await nodes.untilGone('consumer')
    expect(await ask(address('internet'))).toBe('nobody')
    await hosts.run('consumer', process.execPath, [helper, '--reset-network'])
    expect(await ask(address('internet'))).toBe(own())
    expect(await stateOf()).toBe(before)
  }, 60_000)

  /** Routes, rules and tables of the consumer's. */
  async function stateOf(): Promise<string> {
    const shown = [
      ['ip', '-o', 'addr'],
      ['ip', 'route', 'show', 'table', 'all'],
      ['ip', '-6', 'route', 'show', 'table', 'all'],
      ['ip', 'rule'],
      ['ip', '-6', 'rule'],
      ['nft', 'list', 'ruleset'],
    ] as const
    const texts = await Promise.all(shown.map(([file, ...args]) => hosts.run('consumer', file, args)))
    return texts.join('\n').replaceAll(/ expires \d+sec/g, '')
  }
})
