import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionState } from '#shared/model/session.ts'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../localnet/hosts.ts'
import { createAuthority, createRequest, issueClient, issueServer } from '../services/openvpn/certificates.ts'
import { decodePem, encodeStaticKey } from '../services/openvpn/pem.ts'
import { createHostNodes, type HostNode, type HostNodes, importable } from '../testing/host-node.ts'
import { openVpnAvailability } from './openvpn-availability.ts'

/** A node's settings with the guard and the state they work on, and the tunnel beside them; no chain and no dialogues. */
const NODE = (home: string, hub: string) => `
import { createNetworkGuard } from ${importable('services/openvpn/network-guard.ts')}
import { createSettings } from ${importable('settings.ts')}
import { openSettingsFile } from ${importable('settings-file.ts')}
import { createStateTree } from ${importable('state-tree.ts')}
import { initialState } from ${importable('initial-state.ts')}
import { stateAtStart, stateNow } from ${importable('session/connection.ts')}
const file = openSettingsFile(${JSON.stringify(home)})
const control = [{ host: ${JSON.stringify(hub)}, port: 80 }]
const guard = await createNetworkGuard({ privilege, clock, log, control, settings: () => file.current })
const at = { serviceTypes: [{ name: 'openvpn', guard }] }
const state = createStateTree(initialState({ network: undefined, settings: file.current, connection: stateAtStart(at) }))
const restate = () => state.set({ connection: stateNow(at, state.get().connection) })
const settings = createSettings({ file, state, guard, restate })
const operations = {
  ...privilege,
  set: settings.set,
  start: settings.start,
  block: () => guard.block(control),
  open: () => guard.open(),
  connection: async () => state.get().connection,
  settings: async () => state.get().settings,
}`

/** The privilege port alone, for the provider. */
const PROVIDER = 'const operations = privilege'

/** "tcp": connects once. "ask": a question to a name server until it answers. "flood": datagrams without end. */
const SENDER = `
const { connect } = require('node:net')
const { createSocket } = require('node:dgram')
const [kind, to, port] = process.argv.slice(1)
const say = (text) => { console.log(text); process.exit() }
if (kind === 'tcp') {
  const socket = connect({ host: to, port, timeout: 2000 })
  socket.on('connect', () => say('connected')).on('timeout', () => say('timeout')).on('error', (error) => say(error.code))
} else if (kind === 'ask') {
  const socket = createSocket('udp4')
  socket.on('error', () => undefined).on('message', (text) => say(String(text)))
  const send = () => socket.send('who?', port, to, () => undefined)
  send()
  setInterval(send, 250)
  setTimeout(() => say('nobody'), 3000)
} else {
  const socket = createSocket('udp4').on('error', () => undefined)
  setInterval(() => socket.send('x', port, to, () => undefined), 1)
  console.log('flooding')
}`

/** Something at port 80 and a name server that says who it is and who asked, on one address. */
const SERVER = `
const [own] = process.argv.slice(1)
const dns = require('node:dgram').createSocket('udp4')
require('node:net').createServer((socket) => socket.on('error', () => undefined).resume()).listen(80, own, () => {
  dns.on('message', (_, from) => dns.send(own + ' asked by ' + from.address, from.port, from.address))
  dns.bind(53, own, () => console.log('listening'))
})`

/** Counted as it comes from the consumer's link; OpenVPN's own packets and the kernels' ARP and ND apart. */
const SEEN = (provider: string) => `table netdev seen
delete table netdev seen
table netdev seen {
  counter total { }
  counter dns { }
  chain arriving {
    type filter hook ingress device "consumer" priority 0;
    meta protocol arp accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report } accept
    ip daddr ${provider} udp dport 1194 accept
    counter name total
    meta l4proto { tcp, udp } th dport 53 counter name dns
  }
}
`
const [USUAL, CHOSEN, LOCAL] = ['9.9.9.9', '1.1.1.1', '192.168.77.1']

describe.skipIf(whyNoHosts() !== undefined || !openVpnAvailability().available)(
  'settings of the network [needs root] [needs openvpn]',
  () => {
    let hosts: Hosts
    let home: string
    let consumers: HostNodes
    let providers: HostNodes
    let serverStart: object
    let tunnelStart: object
    const senders: ChildProcess[] = []
    const address = (name: HostName) => hosts.host(name).address
    const helper = new URL('../../helper/main.ts', import.meta.url).pathname

    beforeAll(async () => {
      hosts = await createHosts({ prefix: 'settest', log: silentLogger })
      const ip = (host: HostName | 'router', ...args: string[]) => hosts.run(host, 'ip', args)
      await ip('consumer', 'addr', 'add', '192.168.77.2/24', 'dev', 'eth0')
      await ip('router', 'addr', 'add', `${LOCAL}/24`, 'dev', 'consumer')
      for (const resolver of [USUAL, CHOSEN]) {
        await ip('internet', 'addr', 'add', `${resolver}/32`, 'dev', 'lo')
        await ip('router', 'route', 'add', resolver, 'via', address('internet'))
      }
      for (const own of [USUAL, CHOSEN, address('internet')]) await serve('internet', own)
      await serve('router', LOCAL)
      await serve('hub', address('hub'))
      const authority = await createAuthority(Date.now())
      const { request, privateKey } = await createRequest()
      const der = decodePem(request, 'CERTIFICATE REQUEST')
      const certificate = der && (await issueClient(authority, der, 'guarded', Date.now()))
      const common = { ca: authority.certificate, tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)) }
      const limits = { maxSessions: 3, maxConnections: 1_000, newConnectionsPerSecond: 10_000, allowMail: false }
      serverStart = {
        ...{ ...common, ...limits, port: 1194, protocol: 'udp' },
        ...(await issueServer(authority, Date.now())),
      }
      const remotes = [{ address: address('provider'), port: 1194, protocol: 'udp' }]
      tunnelStart = { ...common, certificate, privateKey, remotes, controlAddresses: [address('hub')] }
    }, 30_000)
    beforeEach(async () => {
      home = mkdtempSync(join(tmpdir(), 'myst-settings-'))
      consumers = createHostNodes(hosts, NODE(home, address('hub')))
      providers = createHostNodes(hosts, PROVIDER)
      await hosts.run('router', 'nft', ['-f', '-'], { input: SEEN(address('provider')) })
    })
    afterEach(async () => {
      for (const sender of senders.splice(0)) sender.kill('SIGKILL')
      await consumers.end()
      await providers.end()
      await hosts.run('consumer', process.execPath, [helper, '--reset-network'])
      rmSync(home, { recursive: true })
    })
    afterAll(() => hosts?.dispose())

    async function started(host: HostName | 'router', program: string, ...args: string[]): Promise<ChildProcess> {
      const child = hosts.exec(host, process.execPath, ['-e', program, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit').then(() => Promise.reject(new Error(`a program on ${host} ended`)))
      ended.catch(() => undefined)
      if (child.stdout) await Promise.race([once(child.stdout, 'data'), ended])
      return child
    }
    const serve = (host: HostName | 'router', own: string) => started(host, SERVER, own)
    const from = async (kind: 'tcp' | 'ask', to: string, port: number) =>
      (await hosts.run('consumer', process.execPath, ['-e', SENDER, kind, to, String(port)])).trim()
    const reach = (to: string) => from('tcp', to, 80)
    const ask = (to: string) => from('ask', to, 53)

    async function seen(): Promise<{ total: number; dns: number }> {
      const text = await hosts.run('router', 'nft', ['-j', 'list', 'counters', 'table', 'netdev', 'seen'])
      const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] }
      const counters = nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : []))
      return Object.fromEntries(counters) as { total: number; dns: number }
    }
    async function until(good: () => Promise<boolean>, what: string): Promise<void> {
      for (const end = Date.now() + 10_000; !(await good()); await new Promise((next) => setTimeout(next, 20))) {
        if (Date.now() > end) throw new Error(`not in time: ${what}`)
      }
    }
    /** Packets that the guard rejected since its rules were last set. */
    async function rejected(): Promise<number> {
      const text = await hosts.run('consumer', 'nft', ['list', 'chain', 'inet', 'myst_guard', 'outward'])
      return Number(/counter packets (\d+)/.exec(text)?.[1])
    }
    /** A flood to the internet that is seen while the network is open; it goes on until the end of the test. */
    async function flood(): Promise<void> {
      const { total } = await seen()
      senders.push(await started('consumer', SENDER, 'flood', address('internet'), '80'))
      await until(async () => (await seen()).total > total + 50, 'the flood is seen')
    }
    /** The flood meets the guard, and nothing of it or of a new connection is seen. */
    async function expectClosed(): Promise<void> {
      const { total } = await seen()
      const met = await rejected()
      await until(async () => (await rejected()) > met + 50, 'the guard rejects the flood')
      expect(await reach(address('internet'))).not.toBe('connected')
      expect(await ask(LOCAL)).toBe('nobody')
      expect((await seen()).total).toBe(total)
    }

    async function connect(): Promise<HostNode> {
      const provider = await providers.start('provider')
      await provider.call('ensure')
      await provider.call('serverStart', serverStart)
      await provider.call('serverAdmit', { commonName: 'guarded' })
      const consumer = await consumers.start('consumer')
      await consumer.call('ensure')
      await consumer.call('block')
      await consumer.call('tunnelStart', tunnelStart)
      return consumer
    }
    const byTunnel = (server: string) => `${server} asked by ${address('provider')}`

    it('reaches the local network only where that is allowed, at once, and its name server never', async () => {
      expect(await reach(LOCAL)).toBe('connected')
      expect(await ask(LOCAL)).toBe(`${LOCAL} asked by 192.168.77.2`)
      const { dns } = await seen()
      expect(dns).toBeGreaterThan(0)
      await flood()

      const consumer = await connect()
      const [{ total }, again] = [await seen(), async () => (await seen()).total]
      expect(await reach(LOCAL)).not.toBe('connected')
      expect(await ask(LOCAL)).toBe(byTunnel(USUAL))
      expect(await again()).toBe(total)
      await consumer.call('set', { allowLocalNetwork: true })
      expect(await reach(LOCAL)).toBe('connected')
      expect(await ask(LOCAL)).toBe(byTunnel(USUAL))
      expect(await consumer.call('networkState')).toMatchObject({ state: 'tunnel' })
      const [allowed] = [await again()]
      expect(allowed).toBeGreaterThan(total)
      // Switched without a gap: the flood went on through the tunnel, and nothing of it beside.
      for (let round = 0; round < 20; round++) await consumer.call('set', { allowLocalNetwork: round % 2 === 1 })
      await consumer.call('set', { allowLocalNetwork: false })
      expect(await reach(LOCAL)).not.toBe('connected')
      expect(await again()).toBe(allowed)
      // Blocked, it is the same.
      await consumer.call('set', { allowLocalNetwork: true })
      await consumer.call('tunnelStop')
      expect(await reach(LOCAL)).toBe('connected')
      expect(await ask(LOCAL)).toBe('nobody')
      await consumer.call('set', { allowLocalNetwork: false })
      expect(await reach(LOCAL)).not.toBe('connected')
      expect((await seen()).dns).toBe(dns)
    }, 120_000)

    it('asks the resolver that was chosen, whichever a program means to ask, and the usual one again', async () => {
      for (const server of [USUAL, CHOSEN]) expect(await ask(server)).toBe(`${server} asked by ${address('consumer')}`)
      const consumer = await connect()
      const { dns } = await seen()
      // A public one that was set by hand stays, as long as nobody chose one here.
      expect(await Promise.all([ask(LOCAL), ask(USUAL), ask(CHOSEN)])).toEqual([USUAL, USUAL, CHOSEN].map(byTunnel))
      await consumer.call('set', { resolver: CHOSEN })
      expect(await Promise.all([ask(LOCAL), ask(USUAL), ask(CHOSEN)])).toEqual(Array(3).fill(byTunnel(CHOSEN)))
      expect(await consumer.call('networkState')).toMatchObject({ state: 'tunnel' })
      // The next tunnel too; and one of IPv6 is asked nothing in IPv4.
      await consumer.call('tunnelStop')
      await consumer.call('tunnelStart', tunnelStart)
      expect(await ask(LOCAL)).toBe(byTunnel(CHOSEN))
      await consumer.call('set', { resolver: '2620:fe::fe' })
      expect(await Promise.all([ask(LOCAL), ask(USUAL)])).toEqual(['nobody', 'nobody'])
      await consumer.call('set', { resolver: 'default' })
      expect(await Promise.all([ask(LOCAL), ask(CHOSEN)])).toEqual([USUAL, CHOSEN].map(byTunnel))
      expect((await seen()).dns).toBe(dns)
    }, 120_000)

    it('stays closed with lockdown: disconnected, without its node, at the next start, until it is switched off', async () => {
      await flood()
      expect(await reach(address('internet'))).toBe('connected')
      expect(await ask(LOCAL)).toBe(`${LOCAL} asked by 192.168.77.2`)
      let consumer = await consumers.start('consumer')
      const connection = async () => (await consumer.call('connection')) as ConnectionState
      expect(await connection()).toEqual({ name: 'disconnected' })
      await consumer.call('set', { lockdown: true })
      expect(await connection()).toMatchObject({
        name: 'blocked',
        isLockdown: true,
        why: expect.stringContaining('Lockdown is on'),
      })
      await expectClosed()
      // The chain is reached by the node's user, so that connecting works.
      expect(await reach(address('hub'))).toBe('connected')
      await consumers.end()
      await expectClosed()

      consumer = await connect()
      expect(await connection()).toMatchObject({ name: 'blocked', isLockdown: true })
      expect(await reach(address('internet'))).toBe('connected')
      expect(await ask(LOCAL)).toBe(byTunnel(USUAL))
      // As a disconnect does, and the end of the node.
      await consumer.call('tunnelStop')
      await consumer.call('open')
      await expectClosed()
      await consumer.call('stop')
      await expectClosed()

      // Opened from outside, as by a reboot: the next start closes it again.
      await hosts.run('consumer', process.execPath, [helper, '--reset-network'])
      expect(await reach(address('internet'))).toBe('connected')
      await consumers.end()
      consumer = await consumers.start('consumer')
      expect(await connection()).toEqual({ name: 'disconnected' })
      await consumer.call('start')
      expect(await connection()).toMatchObject({ name: 'blocked', isLockdown: true })
      await expectClosed()
      await consumer.call('set', { lockdown: false })
      expect(await connection()).toEqual({ name: 'disconnected' })
      expect(await reach(address('internet'))).toBe('connected')
    }, 180_000)
  },
)
