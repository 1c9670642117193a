import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../../localnet/hosts.ts'
import { openVpnAvailability } from '../../network/openvpn-availability.ts'
import { createHostNodes, type HostNode, type HostNodes } from '../../testing/host-node.ts'
import { OPENVPN } from '../../testing/openvpn-program.ts'

/** The service as both sides use it, and what a customer may do with it. */
const NODE = `${OPENVPN}
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
let provider, consumer
const sockets = new Set()
const open = (host, port) => {
  const socket = connect({ host, port, noDelay: true })
  sockets.add(socket)
  return socket.on('error', () => sockets.delete(socket)).on('close', () => sockets.delete(socket))
}
const operations = {
  async startProvider(options) { provider = await openvpn.startProvider(options) },
  admit: ([sessionId, data]) => provider.admit(sessionId, '0x' + '00'.repeat(20), data),
  end: (sessionId) => provider.end(sessionId),
  stopProvider: () => provider.stop(),
  async createConsumer(options) { consumer = await openvpn.createConsumer(options); return consumer.request() },
  connect: (data) => consumer.start(data, new AbortController().signal),
  async disconnect() { await consumer.stop(); await guard.open(); await privilege.stop() },
  received: (name) => {
    const line = readFileSync('/proc/net/dev', 'utf8').split('\\n').find((line) => line.trim().startsWith(name + ':'))
    return Number(line.split(':')[1].trim().split(/\\s+/)[0])
  },
  pour: ([host, port, direction, streams]) => {
    for (let n = 0; n < streams; n++) {
      const socket = open(host, port)
      const more = () => { while (!socket.destroyed && socket.write(Buffer.alloc(16384, direction))); }
      if (direction === 'U') socket.on('connect', more).on('drain', more)
      else socket.on('connect', () => socket.write('D')).resume()
    }
  },
  // How many of so many connections stand after so long.
  async dial([host, port, count, withinMs]) {
    const dialled = Array.from({ length: count }, () => open(host, port))
    await new Promise((resolve) => setTimeout(resolve, withinMs))
    return dialled.filter((socket) => socket.readyState === 'open').length
  },
  // So many datagrams a second, of one flow or each of its own; answers how many in how many seconds.
  stream: ([host, port, perSecond, seconds, isOneFlow]) => new Promise((resolve) => {
    const make = () => createSocket(host.includes(':') ? 'udp6' : 'udp4').on('error', () => undefined)
    const one = make()
    const began = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      const elapsed = Math.min((performance.now() - began) / 1000, seconds)
      for (; sent < elapsed * perSecond; sent++) {
        const socket = isOneFlow ? one : make()
        socket.send('x', port, host, () => { if (!isOneFlow) socket.close() })
      }
      if (elapsed < seconds) return
      clearInterval(timer)
      resolve({ sent, seconds: (performance.now() - began) / 1000 })
    }, 5)
  }),
  hangUp: () => { for (const socket of sockets) socket.resetAndDestroy() },
  reach: ([host, port]) => new Promise((resolve) => {
    const socket = open(host, port).setTimeout(1500)
    const done = (result) => { socket.destroy(); resolve(result) }
    socket.on('connect', () => done('connected')).on('error', (error) => done(error.code)).on('timeout', () => done('timeout'))
  }),
}`

/** Takes everything, and pours for whoever asks: on several ports, IPv4 and IPv6. */
const LISTENER = `
const ports = [9000, 25, 465, 587]
let left = ports.length
for (const port of ports) require('node:net').createServer((socket) => {
  socket.on('error', () => undefined)
  const more = () => { while (!socket.destroyed && socket.write(Buffer.alloc(16384))); }
  socket.once('data', (first) => { if (first[0] === 68) { socket.on('drain', more); more() } }).resume()
}).listen({ port, host: '::' }, () => { if (--left === 0) console.log('listening') })`

const unavailable = whyNoHosts() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN')

describe.skipIf(unavailable !== undefined)('what an OpenVPN provider limits [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let dataDir: string
  let nodes: HostNodes
  let internetPid: number | undefined
  const address = (name: HostName) => hosts.host(name).address

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'ovpnlimits', log: silentLogger })
    nodes = createHostNodes(hosts, NODE)
    dataDir = mkdtempSync(join(tmpdir(), 'ovpnlimits-'))
    for (const name of ['internet', 'provider', 'router'] as const) {
      const listener = hosts.exec(name, process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
      if (listener.stdout) await once(listener.stdout, 'data')
      if (name === 'internet') internetPid = listener.pid
    }
    // A private network behind the provider's, and its own with public addresses, as IPv6 has at home.
    await hosts.run('router', 'ip', ['addr', 'add', '10.1.2.3/32', 'dev', 'lo'])
    await hosts.run('router', 'ip', ['addr', 'add', 'fd12:3456::1/128', 'dev', 'lo'])
    for (const network of ['5.6.7', '2a02:8388:1:']) {
      const [own, neighbour] = network.includes(':')
        ? [`${network}:10/64`, `${network}:99/64`]
        : [`${network}.10/24`, `${network}.99/24`]
      await hosts.run('provider', 'ip', ['addr', 'add', own, 'dev', 'eth0'])
      await hosts.run('router', 'ip', ['addr', 'add', neighbour, 'dev', 'provider'])
    }
  }, 30_000)
  // Each helper ends with its node; their tables go before the next test makes its own.
  afterEach(() => nodes.end())
  afterAll(async () => {
    await hosts?.dispose()
    if (dataDir) rmSync(dataDir, { recursive: true, force: true })
  })

  async function startProvider(options: object): Promise<HostNode> {
    const provider = await nodes.start('provider')
    await provider.call('startProvider', { dataDir, publicAddress: address('provider'), maxSessions: 3, ...options })
    return provider
  }

  async function connect(provider: HostNode, sessionId: string, on: HostName = 'consumer'): Promise<HostNode> {
    const consumer = await nodes.start(on)
    const request = await consumer.call('createConsumer', { controlEndpoints: [] })
    await consumer.call('connect', await provider.call('admit', [sessionId, request]))
    return consumer
  }

  /** Mbit/s of IP traffic over four seconds, once the first burst is over. */
  async function rate(consumers: HostNode[], direction: 'U' | 'D'): Promise<number> {
    const arrived = async () => {
      if (direction === 'D') {
        const each = await Promise.all(
          consumers.map((consumer): Promise<number> => consumer.call('received', 'mystc0')),
        )
        return each.reduce((sum, bytes) => sum + bytes, 0)
      }
      // Past the provider's limits, without the link's own headers. Read at once: to start a program takes as long as
      // it likes on a busy machine.
      const line = readFileSync(`/proc/${internetPid}/net/dev`, 'utf8')
        .split('\n')
        .find((text) => /eth0:/.test(text))
      const [bytes = 0, packets = 0] = (line?.split(':')[1] ?? '').trim().split(/\s+/).map(Number)
      return bytes - 14 * packets
    }
    for (const consumer of consumers) await consumer.call('pour', [address('internet'), 9000, direction, 4])
    await delay(3_000)
    const [before, startedAt] = [await arrived(), performance.now()]
    await delay(4_000)
    const [after, endedAt] = [await arrived(), performance.now()]
    for (const consumer of consumers) await consumer.call('hangUp')
    return ((after - before) * 8) / (endedAt - startedAt) / 1_000
  }

  it.each([8, 40])(
    'gives a session %d Mbit/s and no more, each way',
    async (bandwidthMbps) => {
      const provider = await startProvider({ bandwidthMbps })
      const consumer = await connect(provider, 'session-1')
      for (const direction of ['D', 'U'] as const) {
        const mbps = await rate([consumer], direction)
        expect(Math.abs(mbps / bandwidthMbps - 1), `${direction}: ${mbps}`).toBeLessThan(0.05)
      }
    },
    60_000,
  )

  it.each([8, 40])(
    'gives all sessions together %d Mbit/s and no more, each way',
    async (totalBandwidthMbps) => {
      const provider = await startProvider({ totalBandwidthMbps, bandwidthMbps: totalBandwidthMbps * 0.75 })
      const consumers = [await connect(provider, 'session-1'), await connect(provider, 'session-2', 'hub')]
      for (const direction of ['D', 'U'] as const) {
        const mbps = await rate(consumers, direction)
        expect(Math.abs(mbps / totalBandwidthMbps - 1), `${direction}: ${mbps}`).toBeLessThan(0.05)
      }
    },
    60_000,
  )

  it('lets a session hold so many connections and no more, and no other pays for it', async () => {
    const provider = await startProvider({ maxConnections: 20, newConnectionsPerSecond: 1_000 })
    const [consumer, other] = [await connect(provider, 'session-1'), await connect(provider, 'session-2', 'hub')]
    expect(await consumer.call('dial', [address('internet'), 9000, 30, 1_000])).toBe(20)
    expect(await consumer.call('dial', [hosts.host('internet').address6, 9000, 30, 1_000])).toBe(20)
    expect(await other.call('dial', [address('internet'), 9000, 15, 1_000])).toBe(15)
    // What was closed makes room again.
    await consumer.call('hangUp')
    expect(await consumer.call('dial', [address('internet'), 9000, 15, 1_000])).toBe(15)
    const counted = /set open[46] {[^}]*elements/
    expect(await hosts.run('provider', 'nft', ['list', 'ruleset'])).toMatch(counted)
    await provider.call('end', 'session-1')
    await provider.call('end', 'session-2')
    // The next one with that address starts with none.
    expect(await hosts.run('provider', 'nft', ['list', 'ruleset'])).not.toMatch(counted)
  }, 60_000)

  it('lets a session open so many connections per second and no more', async () => {
    const provider = await startProvider({ newConnectionsPerSecond: 10 })
    const consumer = await connect(provider, 'session-1')
    await delay(2_500)
    // 20 at once after a pause, 10 more in a second; those that were dropped try again after one.
    const stand: number = await consumer.call('dial', [address('internet'), 9000, 100, 900])
    expect(stand).toBeGreaterThanOrEqual(20)
    expect(stand).toBeLessThanOrEqual(30)
  }, 60_000)

  it('counts a flow of datagrams that nobody answers as one connection', async () => {
    const provider = await startProvider({ newConnectionsPerSecond: 100 })
    const consumer = await connect(provider, 'session-1')
    const port = 9100
    const counting = (hook: string, verdict: string) => `table inet seen {
      chain seen { type filter hook ${hook} priority -400; udp dport ${port} counter ${verdict}; }
    }`
    const count = async (host: HostName) => {
      const text = await hosts.run(host, 'nft', ['list', 'table', 'inet', 'seen'])
      return Number(/counter packets (\d+)/.exec(text)?.[1])
    }
    // What arrives out of the tunnel, and what of it the provider lets on: what was lost before is not its doing.
    await hosts.run('provider', 'nft', ['-f', '-'], { input: counting('prerouting', 'accept') })
    await hosts.run('internet', 'nft', ['-f', '-'], { input: counting('prerouting', 'drop') })
    try {
      for (const target of [address('internet'), hosts.host('internet').address6]) {
        const streamed = async (...how: unknown[]) => {
          const before = [await count('provider'), await count('internet')] as const
          const { sent, seconds }: { sent: number; seconds: number } = await consumer.call('stream', [
            target,
            port,
            ...how,
          ])
          let after = before
          // The last ones are still on their way.
          for (let last = -1; last !== after[1] || after[0] === before[0]; await delay(100)) {
            last = after[1]
            after = [await count('provider'), await count('internet')]
          }
          return { sent, seconds, arrived: after[0] - before[0], passed: after[1] - before[1] }
        }
        const one = await streamed(2_000, 2, true)
        expect(one.sent, JSON.stringify(one)).toBeGreaterThanOrEqual(4_000)
        expect(one.arrived, JSON.stringify(one)).toBeGreaterThan(3_000)
        expect(one.passed, JSON.stringify(one)).toBe(one.arrived)
        await delay(2_500) // full again: 200 at once after a pause, and 100 a second
        const many = await streamed(300, 3, false)
        expect(many.arrived, JSON.stringify(many)).toBeGreaterThan(800)
        expect(Math.abs(many.passed - (200 + 100 * many.seconds)), JSON.stringify(many)).toBeLessThan(50)
      }
    } finally {
      for (const host of ['provider', 'internet'] as const) {
        await hosts.run(host, 'nft', ['delete', 'table', 'inet', 'seen'])
      }
    }
  }, 60_000)

  it('closes the mail ports until they are opened', async () => {
    const closed = await startProvider({})
    const consumer = await connect(closed, 'session-1')
    expect(await consumer.call('reach', [address('internet'), 9000])).toBe('connected')
    for (const port of [25, 465, 587]) {
      expect(await consumer.call('reach', [address('internet'), port]), String(port)).toBe('EHOSTUNREACH')
      expect(await consumer.call('reach', [hosts.host('internet').address6, port]), String(port)).not.toBe('connected')
    }
    await consumer.call('disconnect')
    await closed.call('stopProvider')
    const open = { dataDir, publicAddress: address('provider'), maxSessions: 3, allowMail: true }
    await closed.call('startProvider', open)
    const sender = await connect(closed, 'session-2')
    for (const port of [25, 465, 587]) {
      expect(await sender.call('reach', [address('internet'), port]), String(port)).toBe('connected')
      // Not the way into the provider's network.
      expect(await sender.call('reach', ['10.1.2.3', port]), String(port)).not.toBe('connected')
    }
  }, 60_000)

  it('keeps its own addresses, its networks and its other customers out of reach, IPv4 and IPv6', async () => {
    const provider = await startProvider({})
    const [consumer, other] = [await connect(provider, 'session-1'), await connect(provider, 'session-2', 'hub')]
    const listener = hosts.exec('hub', process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (listener.stdout) await once(listener.stdout, 'data')
    const addressesOf = async (host: HostName, device: string) =>
      [
        ...(await hosts.run(host, 'ip', ['-o', 'addr', 'show', 'dev', device])).matchAll(
          /inet6? ([0-9a-f.:]+)\/\d+ .*scope global/g,
        ),
      ].map(([, found = '']) => found)
    const gateways = await addressesOf('provider', 'mysts0')
    const others = await addressesOf('hub', 'mystc0')
    expect([gateways.length, others.length]).toEqual([2, 2])
    // The positive control: it is there, for the provider itself and through the tunnel for what is public.
    const own = [hosts.host('provider').address6, '5.6.7.10', '2a02:8388:1::10', ...gateways]
    own.push('10.1.2.3', 'fd12:3456::1', '5.6.7.99', '2a02:8388:1::99')
    for (const target of own) expect(await provider.call('reach', [target, 9000]), target).toBe('connected')
    for (const target of others) expect(await other.call('reach', [target, 9000]), target).toBe('connected')
    for (const target of [address('internet'), hosts.host('internet').address6, `::ffff:${address('internet')}`]) {
      expect(await consumer.call('reach', [target, 9000]), target).toBe('connected')
    }
    const reached: string[] = []
    const closed = [
      ...[...own, ...others, '::ffff:10.1.2.3', '::ffff:5.6.7.99', `::ffff:${gateways[0]}`],
      ...['169.254.169.254', '168.63.129.16', '100.100.100.200', '192.168.0.1', '172.16.0.1', '224.0.0.1'],
      ...['fd00:ec2::254', 'fec0::1', '64:ff9b::a01:203', '2002:a01:203::1', 'ff0e::1', '::ffff:169.254.169.254'],
    ]
    await Promise.all(
      closed.map(async (target) => {
        if ((await consumer.call('reach', [target, 9000])) === 'connected') reached.push(target)
      }),
    )
    expect(reached).toEqual([])
    listener.kill()
  }, 60_000)
})
