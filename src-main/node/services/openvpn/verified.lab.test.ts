import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../../localnet/hosts.ts'
import { openVpnAvailability } from '../../network/openvpn-availability.ts'
import { createHostNodes, type HostNode, type HostNodes, importable } from '../../testing/host-node.ts'
import { OPENVPN } from '../../testing/openvpn-program.ts'

const NODE = `${OPENVPN}
import { createSocket } from 'node:dgram'
import { readDeviceTraffic } from ${importable('services/openvpn/device-traffic.ts')}
import { ownAddresses } from ${importable('session/consumer/watch-tunnel.ts')}
let provider, consumer
const operations = {
  async startProvider(options) { provider = await openvpn.startProvider(options) },
  admit: ([sessionId, data]) => provider.admit(sessionId, '0x' + '00'.repeat(20), data),
  served: (sessionId) => provider.traffic(sessionId),
  async createConsumer(options) { consumer = await openvpn.createConsumer(options); return consumer.request() },
  connect: (data) => consumer.start(data, new AbortController().signal),
  disconnect: async () => { await consumer.stop(); await guard.open() },
  used: () => consumer.traffic(),
  addresses: ownAddresses,
  ends: () => consumer.remoteAddresses(),
  device: (name) => readDeviceTraffic(name),
  small: () => consumer.shrinkPackets(),
  async fetch([url, withinMs, size]) { return (await consumer.fetchThrough(url, AbortSignal.timeout(withinMs), size)).length },
  // So many datagrams to a host, in bursts that no buffer is too small for.
  flood: ([host, port, count, bytes]) => new Promise((resolve, reject) => {
    const socket = createSocket('udp4').on('error', reject)
    let left = count
    const timer = setInterval(() => {
      for (let n = 0; n < 20 && left > 0; n++, left--) socket.send(Buffer.alloc(bytes), port, host)
      if (left === 0) { clearInterval(timer); socket.close(resolve) }
    }, 2)
  }),
  // Asks there for so many datagrams; how many came within the time.
  ask: ([host, port, count, bytes, withinMs]) => new Promise((resolve, reject) => {
    const socket = createSocket('udp4').on('error', reject)
    let came = 0
    const done = () => { clearTimeout(timer); socket.close(); resolve(came) }
    const timer = setTimeout(done, withinMs)
    socket.on('message', () => { if (++came === count) done() })
    socket.send(JSON.stringify([count, bytes]), port, host)
  }),
}`

/** Answers with so many bytes by HTTP, and with so many datagrams to who asks for them. */
const INTERNET = `
const dgram = require('node:dgram').createSocket('udp4')
dgram.on('message', (text, from) => {
  const [count, bytes] = JSON.parse(text)
  let left = count
  const timer = setInterval(() => {
    for (let n = 0; n < 20 && left > 0; n++, left--) dgram.send(Buffer.alloc(bytes), from.port, from.address)
    if (left === 0) clearInterval(timer)
  }, 2)
})
dgram.bind(7, () => require('node:http').createServer({ maxHeaderSize: 16384 }, (request, response) =>
  response.end(Buffer.alloc(Number(request.url.slice(1)) || 1, 'x'))).listen(80, () => console.log('listening')))`

const unavailable = whyNoHosts() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN')
const LARGE = { maxBytes: 64 * 1024, padding: 4_000 }
const MIB = 2 ** 20

describe.skipIf(unavailable !== undefined)('what a tunnel carries and counts [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let dataDir: string
  let nodes: HostNodes
  const address = (name: HostName) => hosts.host(name).address

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'ovpncarries', log: silentLogger })
    nodes = createHostNodes(hosts, NODE)
    dataDir = mkdtempSync(join(tmpdir(), 'ovpncarries-'))
    const internet = hosts.exec('internet', process.execPath, ['-e', INTERNET], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (internet.stdout) await once(internet.stdout, 'data')
  }, 30_000)
  afterEach(async () => {
    await hosts.run('router', 'nft', ['-f', '-'], { input: 'flush ruleset' })
    await nodes.end()
  })
  afterAll(async () => {
    await hosts?.dispose()
    if (dataDir) rmSync(dataDir, { recursive: true, force: true })
  })

  async function connect(): Promise<{ provider: HostNode; consumer: HostNode }> {
    const provider = await nodes.start('provider')
    await provider.call('startProvider', { dataDir, publicAddress: address('provider'), maxSessions: 1 })
    const consumer = await nodes.start('consumer')
    const request = await consumer.call('createConsumer', { controlEndpoints: [] })
    await consumer.call('connect', await provider.call('admit', ['session', request]))
    return { provider, consumer }
  }

  const url = (bytes: number) => `http://${address('internet')}/${bytes}`

  it.each([
    ['towards the consumer', 'provider', 'consumer'],
    ['towards the provider', 'consumer', 'provider'],
  ] as const)(
    'mends a path that swallows large packets %s',
    async (_, from, to) => {
      // Without a word: no ICMP says that they were too large.
      const swallow = `ip saddr ${address(from)} ip daddr ${address(to)} meta l4proto udp meta length > 1400 counter drop`
      const hole = `table inet hole { chain f { type filter hook forward priority 0; ${swallow}; }; }`
      const { consumer } = await connect()
      expect(await consumer.call('fetch', [url(49_152), 4_000, LARGE])).toBe(49_152)
      await hosts.run('router', 'nft', ['-f', '-'], { input: hole })
      expect(await consumer.call('fetch', [url(1), 4_000])).toBe(1)
      await expect(consumer.call('fetch', [url(49_152), 3_000, LARGE])).rejects.toThrow(/Timeout|ProbeFailed/)
      expect(await hosts.run('router', 'nft', ['list', 'table', 'inet', 'hole'])).toMatch(/packets [1-9]/)
      await consumer.call('small')
      expect(await consumer.call('fetch', [url(49_152), 4_000, LARGE])).toBe(49_152)
      // What no end of a TCP connection decides stays as large as somebody out there makes it.
      const came = await consumer.call('ask', [address('internet'), 7, 50, 1_380, 1_000])
      expect(came).toBe(from === 'provider' ? 0 : 50)
      expect(await consumer.call('ask', [address('internet'), 7, 50, 1_232, 2_000])).toBe(50)
      expect(await consumer.call('ends')).toEqual([address('provider')])
    },
    60_000,
  )

  it('sees that the machine has other addresses, and nothing where it has the same', async () => {
    const { consumer } = await connect()
    const before = await consumer.call('addresses')
    expect(before).toContain(`eth0 ${address('consumer')}/25`)
    expect(await consumer.call('fetch', [url(49_152), 4_000, LARGE])).toBe(49_152)
    expect(await consumer.call('addresses')).toBe(before)
    await hosts.run('consumer', 'ip', ['addr', 'add', '198.51.100.11/25', 'dev', 'eth0'])
    expect(await consumer.call('addresses')).not.toBe(before)
    await hosts.run('consumer', 'ip', ['addr', 'del', '198.51.100.11/25', 'dev', 'eth0'])
    expect(await consumer.call('addresses')).toBe(before)
  }, 60_000)

  it('counts on neither side what nobody asked for', async () => {
    const { provider, consumer } = await connect()
    const down = async (node: HostNode, what: string) => {
      const figures: { bytesDown: string } = await node.call(what, what === 'device' ? 'mystc0' : 'session')
      return Number(figures.bytesDown)
    }
    /** Both sides tell within two of their seconds what they have counted. */
    const told = () => new Promise((resolve) => setTimeout(resolve, 2_500))
    const both = async () => [await down(provider, 'served'), await down(consumer, 'used')] as const

    // Somebody floods the provider's address: what is asked for comes through, this does not.
    expect(await consumer.call('ask', [address('internet'), 7, 1_000, 1_200, 5_000])).toBe(1_000)
    await told()
    const before = await both()
    expect(before[0]).toBeGreaterThan(1.1 * MIB)
    expect(before[1]).toBeGreaterThan(1.1 * MIB)
    const stranger = await nodes.start('internet')
    await Promise.all(
      [1_194, 40_000, 53].map((port) => stranger.call('flood', [address('provider'), port, 2_000, 1_200])),
    )
    await told()
    const after = await both()
    expect(after[0] - before[0]).toBeLessThan(10_000)
    expect(after[1] - before[1]).toBeLessThan(10_000)

    // The provider itself pours into the tunnel: its own counter has it, the device too, the consumer's count not.
    const inside = await hosts.run('consumer', 'ip', ['-4', '-o', 'addr', 'show', 'dev', 'mystc0'])
    const victim = /inet ([\d.]+)/.exec(inside)?.[1]
    await provider.call('flood', [victim, 40_000, 4_000, 1_200])
    await told()
    const [claimed, believed] = await both()
    expect(claimed - after[0]).toBeGreaterThan(4 * MIB)
    expect(await down(consumer, 'device')).toBeGreaterThan(believed + 4 * MIB)
    expect(believed - after[1]).toBeLessThan(10_000)

    // And what is asked for meanwhile is counted as ever.
    expect(await consumer.call('fetch', [url(49_152), 4_000, LARGE])).toBe(49_152)
    await told()
    const last = (await both())[1]
    expect(last - believed).toBeGreaterThan(49_152)
    expect(last - believed).toBeLessThan(80_000)
  }, 60_000)
})
