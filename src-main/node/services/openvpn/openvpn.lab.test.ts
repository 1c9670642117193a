import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../../localnet/hosts.ts'
import { openVpnAvailability } from '../../network/openvpn-availability.ts'
import { createHostNodes, type HostNode, type HostNodes } from '../../testing/host-node.ts'
import { OPENVPN } from '../../testing/openvpn-program.ts'

/** The service as both sides use it; it says what was lost. */
const NODE = `${OPENVPN}
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
import { get, request } from 'node:http'
let provider, consumer, cancel
const operations = {
  async startProvider(options) {
    provider = await openvpn.startProvider(options)
    provider.onLost((sessionId, message) => say({ lost: sessionId ?? 'all', message }))
  },
  admit: ([sessionId, data]) => provider.admit(sessionId, '0x' + '00'.repeat(20), data),
  served: (sessionId) => provider.traffic(sessionId),
  end: (sessionId) => provider.end(sessionId),
  stopProvider: () => provider.stop(),
  async createConsumer(options) {
    consumer = await openvpn.createConsumer(options)
    consumer.onLost((message) => say({ lost: 'tunnel', message }))
    return consumer.request()
  },
  connect(data) { cancel = new AbortController(); return consumer.start(data, cancel.signal) },
  cancel() { cancel.abort() },
  fetch: (address) => consumer.fetchThrough(address, AbortSignal.timeout(5000)),
  used: () => consumer.traffic(),
  device: (name) => readFileSync('/proc/net/dev', 'utf8').split('\\n').find((line) => line.trim().startsWith(name))?.split(':')[1].trim().split(/\\s+/),
  disconnect: () => consumer.stop(),
  open: () => guard.open(),
  stands: () => guard.stands,
  stop: () => privilege.stop(),
  get: (address) => new Promise((resolve, reject) => {
    let bytes = 0, text = ''
    get(address, { agent: false }, (response) => {
      response.on('data', (chunk) => { bytes += chunk.length; if (bytes < 1000) text += chunk })
      response.on('end', () => resolve({ bytes, text })); response.on('error', reject)
    }).on('error', reject).setTimeout(15000, function () { this.destroy(new Error('timeout')) })
  }),
  put: ([address, bytes]) => new Promise((resolve, reject) => {
    const sent = request(address, { method: 'PUT', agent: false }, (response) => { response.resume(); response.on('end', resolve) })
    sent.on('error', reject); sent.end(Buffer.alloc(bytes))
  }),
  tcp: ([host, port]) => new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1500 })
    const done = (result) => { socket.destroy(); resolve(result) }
    socket.on('connect', () => done('connected')); socket.on('error', (error) => done(error.code)); socket.on('timeout', () => done('timeout'))
  }),
}`

/** The internet: says who asks, sends and takes any number of bytes. */
const INTERNET = `
const server = require('node:http').createServer((request, response) => {
  const bytes = Number(new URL(request.url, 'http://x').searchParams.get('bytes') ?? 0)
  request.resume()
  request.on('end', () => response.end(bytes ? Buffer.alloc(bytes) : request.socket.remoteAddress))
})
server.listen({ port: 80, host: '::' }, () => console.log('listening'))`

const unavailable = whyNoHosts() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN')

describe.skipIf(unavailable !== undefined)('OpenVPN between hosts [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let dataDir: string
  let nodes: HostNodes

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'ovpntest', log: silentLogger })
    nodes = createHostNodes(hosts, NODE)
    dataDir = mkdtempSync(join(tmpdir(), 'ovpntest-'))
    await listen('internet')
    // A private network that the provider can reach, with a service in it.
    await hosts.run('router', 'ip', ['addr', 'add', '10.1.2.3/32', 'dev', 'lo'])
    await listen('router')
    await listen('hub')
    await listen('provider')
  }, 30_000)
  afterEach(async () => {
    await nodes.end()
    // The guard outlives them all, by design.
    const last = await nodes.start('consumer')
    if (await last.call('stands')) await last.call('open')
    await nodes.end()
  })
  afterAll(async () => {
    await hosts?.dispose()
    if (dataDir) rmSync(dataDir, { recursive: true, force: true })
  })

  async function listen(name: HostName | 'router') {
    const server = hosts.exec(name, process.execPath, ['-e', INTERNET], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (server.stdout) await once(server.stdout, 'data')
  }

  async function startProvider(options: object = {}): Promise<HostNode> {
    const provider = await nodes.start('provider')
    const publicAddress = hosts.host('provider').address
    await provider.call('startProvider', { dataDir, publicAddress, maxSessions: 3, ...options })
    return provider
  }

  async function connect(provider: HostNode, sessionId: string): Promise<HostNode> {
    const consumer = await nodes.start('consumer')
    const request = await consumer.call('createConsumer', {
      controlEndpoints: [{ host: hosts.host('hub').address, port: 80 }],
    })
    await consumer.call('connect', await provider.call('admit', [sessionId, request]))
    return consumer
  }

  const page = () => `http://${hosts.host('internet').address}/`

  /** Everything about a host that a tunnel or a server may change. */
  async function stateOf(name: HostName): Promise<string> {
    const show = [
      ['ip', '-o', 'link'],
      ['ip', '-o', 'addr'],
      ['ip', 'route', 'show', 'table', 'all'],
      ['ip', '-6', 'route', 'show', 'table', 'all'],
      ['ip', 'rule'],
      ['ip', '-6', 'rule'],
      ['nft', 'list', 'ruleset'],
      ['cat', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'],
      ['sh', '-c', 'head /proc/sys/net/ipv6/conf/*/accept_ra /proc/sys/net/ipv6/conf/*/forwarding'],
    ] as const
    const texts = await Promise.all(show.map(([file, ...args]) => hosts.run(name, file, args)))
    // Learned path MTUs and the like come and go by themselves.
    return texts.join('\n').replaceAll(/ expires \d+sec/g, '')
  }

  const workspaces = () => (existsSync('/run/myst-helper') ? readdirSync('/run/myst-helper') : [])

  const helperPids = (name: HostName) => nodes.find(name, 'helper/main.ts')

  async function until<T>(read: () => Promise<T>, good: (value: T) => boolean, withinMs = 5_000): Promise<T> {
    for (const end = Date.now() + withinMs; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const value = await read()
      if (good(value) || Date.now() > end) return value
    }
  }

  const address = (name: HostName) => hosts.host(name).address

  it('carries traffic out under the provider address and beside the tunnel only what pays for it', async () => {
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-1')
    expect(await consumer.call('get', page())).toMatchObject({ text: `::ffff:${address('provider')}` })
    expect(await consumer.call('fetch', page())).toBe(`::ffff:${address('provider')}`)
    const page6 = `http://[${hosts.host('internet').address6}]/`
    expect(await consumer.call('get', page6)).toMatchObject({ text: hosts.host('provider').address6 })
    expect(await consumer.call('fetch', page6)).toBe(hosts.host('provider').address6)
    // The control address keeps its direct route, but what is fetched through the tunnel never takes it.
    const hub = `http://${address('hub')}/`
    expect(await consumer.call('get', hub)).toMatchObject({ text: `::ffff:${address('consumer')}` })
    expect(await consumer.call('fetch', hub)).toBe(`::ffff:${address('provider')}`)
    await expect(consumer.call('fetch', `${page()}?bytes=5000`)).rejects.toThrow('ProbeFailed')
  }, 30_000)

  it('counts what the tunnel devices count, on both sides, in both directions', async () => {
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-2')
    const [down, up] = [20_000_000, 8_000_000]
    expect(await consumer.call('get', `${page()}?bytes=${down}`)).toMatchObject({ bytes: down })
    await consumer.call('put', [page(), up])
    const seen = async () => {
      const served: { bytesUp: string; bytesDown: string } = await provider.call('served', 'session-2')
      const used: { bytesUp: string; bytesDown: string } = await consumer.call('used')
      const [received, , , , , , , , sent]: string[] = await provider.call('device', 'mysts0')
      return { served, used, device: { bytesUp: received, bytesDown: sent } }
    }
    const close = (one: unknown, other: unknown) => Math.abs(Number(one) / Number(other) - 1) < 0.01
    const agree = ({ served, used, device }: Awaited<ReturnType<typeof seen>>) =>
      close(served.bytesUp, device.bytesUp) &&
      close(served.bytesDown, device.bytesDown) &&
      // Datagrams may be lost between the two, more of them the busier the machine is.
      Number(used.bytesUp) >= Number(served.bytesUp) &&
      Number(used.bytesDown) <= Number(served.bytesDown) &&
      Number(served.bytesUp) / Number(used.bytesUp) > 0.9 &&
      Number(used.bytesDown) / Number(served.bytesDown) > 0.9
    const figures = await until(seen, agree)
    expect(figures, JSON.stringify(figures)).toSatisfy(agree)
    expect(Number(figures.served.bytesDown)).toBeGreaterThan(down)
    expect(Number(figures.served.bytesUp)).toBeGreaterThan(up)
  }, 60_000)

  it('leads to the internet and nowhere else', async () => {
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-3')
    // The same connections work for the provider itself: what stops the consumer is the firewall.
    expect(await provider.call('tcp', ['10.1.2.3', 80])).toBe('connected')
    expect(await provider.call('tcp', [address('provider'), 80])).toBe('connected')
    expect(await consumer.call('tcp', [address('internet'), 80])).toBe('connected')
    expect(await consumer.call('tcp', ['10.1.2.3', 80])).not.toBe('connected')
    expect(consumer.said).toEqual([])
    expect(await consumer.call('tcp', [address('internet'), 25])).toBe('EHOSTUNREACH')
    expect(await consumer.call('tcp', [address('internet'), 81])).toBe('ECONNREFUSED')
    const inside = await hosts.run('consumer', 'ip', ['-4', '-o', 'addr', 'show', 'dev', 'mystc0'])
    const gateway = `${/inet (\d+\.\d+\.\d+)\./.exec(inside)?.[1] ?? ''}.1`
    expect(await provider.call('tcp', [gateway, 80])).toBe('connected')
    for (const closed of [gateway, '169.254.169.254', '192.168.1.1', '100.64.0.1', '127.0.0.2']) {
      expect(await consumer.call('tcp', [closed, 80]), closed).not.toBe('connected')
    }
    // Nor to the provider, whose address keeps its direct route for OpenVPN's own packets: through the tunnel.
    await expect(consumer.call('fetch', `http://${address('provider')}/`)).rejects.toThrow(/ProbeFailed|Timeout/)
    await expect(consumer.call('fetch', 'http://10.1.2.3/')).rejects.toThrow('ProbeFailed')
  }, 60_000)

  it('ends a session at once, with its figures, and does not let it in again', async () => {
    const provider = await startProvider()
    const consumer = await nodes.start('consumer')
    const request = await consumer.call('createConsumer', { controlEndpoints: [] })
    const data = await provider.call('admit', ['session-4', request])
    await consumer.call('connect', data)
    await consumer.call('get', `${page()}?bytes=2000000`)
    const before = Date.now()
    const last: { bytesDown: string } = await provider.call('end', 'session-4')
    expect(Number(last.bytesDown)).toBeGreaterThan(2_000_000)
    expect(Date.now() - before).toBeLessThan(1_000)
    const [, , , , , , , , sent]: string[] = await provider.call('device', 'mysts0')
    expect(await hosts.run('provider', 'nft', ['list', 'ruleset'])).not.toContain('counter packets')
    expect(await hosts.run('provider', 'tc', ['class', 'show', 'dev', 'mysts0'])).toBe('')
    await until(
      async () => consumer.said.length,
      (length) => length === 1,
    )
    expect(consumer.said).toMatchObject([{ lost: 'tunnel' }])
    const [, , , , , , , , later]: string[] = await provider.call('device', 'mysts0')
    expect(later).toBe(sent)
    await expect(consumer.call('connect', data)).rejects.toThrow('TunnelRefused')
  }, 60_000)

  it('takes back everything it did when it stops', async () => {
    const before = await Promise.all([stateOf('provider'), stateOf('consumer')])
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-5')
    expect(await Promise.all([stateOf('provider'), stateOf('consumer')])).not.toEqual(before)
    const pids = (await Promise.all([helperPids('provider'), helperPids('consumer')])).flat()
    expect(workspaces().filter((name) => pids.includes(Number(name.split('-')[0])))).toHaveLength(2)
    await consumer.call('disconnect')
    // Without its tunnel the guard lets nothing out, until it is opened.
    await expect(consumer.call('get', page())).rejects.toThrow()
    await consumer.call('open')
    expect(await stateOf('consumer')).toBe(before[1])
    expect(await consumer.call('get', page())).toMatchObject({ text: `::ffff:${address('consumer')}` })
    await provider.call('stopProvider')
    expect(await stateOf('provider')).toBe(before[0])
    await Promise.all([provider.call('stop'), consumer.call('stop')])
    await Promise.all([nodes.untilGone('provider'), nodes.untilGone('consumer')])
    expect(workspaces().filter((name) => pids.includes(Number(name.split('-')[0])))).toEqual([])
  }, 60_000)

  it('takes back everything when the node is killed', async () => {
    const before = await Promise.all([stateOf('provider'), stateOf('consumer')])
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-6')
    for (const { pid } of [consumer, provider]) process.kill(pid, 'SIGKILL')
    await Promise.all([nodes.untilGone('provider'), nodes.untilGone('consumer')])
    expect(await stateOf('provider')).toBe(before[0])
    // But nothing is let out that was kept in; the next node says so, without its helper.
    const next = await nodes.start('consumer')
    expect(await next.call('stands')).toMatchObject({ isInherited: true, sinceMs: expect.any(Number) })
    await expect(next.call('get', page())).rejects.toThrow()
    await next.call('open')
    expect(await stateOf('consumer')).toBe(before[1])
  }, 60_000)

  it('lets OpenVPN end with a killed helper, says so, and cleans up at the next start', async () => {
    const before = await Promise.all([stateOf('provider'), stateOf('consumer')])
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-7')
    const pids = (await Promise.all([helperPids('provider'), helperPids('consumer')])).flat()
    expect(pids).toHaveLength(2)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await Promise.all([nodes.untilGone('provider'), nodes.untilGone('consumer')])
    await until(
      async () => [...provider.said, ...consumer.said],
      (lost) => lost.length === 2,
    )
    expect([...provider.said, ...consumer.said]).toMatchObject([{ lost: 'all' }, { lost: 'tunnel' }])
    // A route that leads around the tunnel, a table and forwarding are left; the guard lets nothing out meanwhile.
    expect(await stateOf('provider')).not.toBe(before[0])
    await expect(consumer.call('get', page())).rejects.toThrow()
    const again = await startProvider()
    const next = await connect(again, 'session-8')
    expect(await next.call('fetch', page())).toBe(`::ffff:${address('provider')}`)
    await next.call('disconnect')
    await next.call('open')
    await again.call('stopProvider')
    expect(await Promise.all([stateOf('provider'), stateOf('consumer')])).toEqual(before)
  }, 60_000)

  it('gives a start up at once when it is cancelled, and leaves nothing behind', async () => {
    const before = await stateOf('consumer')
    const provider = await startProvider()
    const consumer = await nodes.start('consumer')
    const request = await consumer.call('createConsumer', { controlEndpoints: [] })
    const data: { remotes: { port: number }[] } = await provider.call('admit', ['session-9', request])
    await provider.call('stopProvider')
    // Somebody who hears OpenVPN asking and never answers.
    const silent = `const s = require('node:dgram').createSocket('udp6')
      s.once('message', () => console.log('asked')).bind(${data.remotes[0]?.port}, () => console.log('there'))`
    const child = hosts.exec('provider', process.execPath, ['-e', silent], { stdio: ['ignore', 'pipe', 'inherit'] })
    const heard = createInterface({ input: child.stdout as Readable })
    await once(heard, 'line')
    const connecting = consumer.call('connect', data)
    const refused = expect(connecting).rejects.toThrow('AbortError')
    await once(heard, 'line')
    child.kill()
    await consumer.call('cancel')
    const cancelled = Date.now()
    await refused
    expect(Date.now() - cancelled).toBeLessThan(1_500)
    await consumer.call('open')
    expect(await stateOf('consumer')).toBe(before)
  }, 30_000)

  it('keeps a session within its bandwidth, both ways', async () => {
    const provider = await startProvider({ bandwidthMbps: 16 })
    const consumer = await connect(provider, 'session-10')
    const seconds = async (work: Promise<unknown>) => {
      const before = performance.now()
      await work
      return (performance.now() - before) / 1_000
    }
    // 8 MB at 2 MB/s, less what may be sent at once: upwards the firewall's bucket holds a second's worth.
    expect(await seconds(consumer.call('get', `${page()}?bytes=8000000`))).toBeGreaterThan(2.8)
    expect(await seconds(consumer.call('put', [page(), 8_000_000]))).toBeGreaterThan(2.8)
  }, 60_000)

  it('takes another port when its own is in use, and stays there', async () => {
    const taken = `const s = require('node:dgram').createSocket('udp6'); s.bind(1194, () => console.log('taken'))`
    const child = hosts.exec('provider', process.execPath, ['-e', taken], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (child.stdout) await once(child.stdout, 'data')
    const fresh = join(dataDir, 'other')
    const provider = await startProvider({ dataDir: fresh })
    child.kill()
    const consumer = await nodes.start('consumer')
    const request = await consumer.call('createConsumer', { controlEndpoints: [] })
    const first: { remotes: { port: number }[] } = await provider.call('admit', ['session-11', request])
    expect(first.remotes[0]?.port).not.toBe(1194)
    await consumer.call('connect', first)
    await consumer.call('disconnect')
    await provider.call('stopProvider')
    await provider.call('startProvider', { dataDir: fresh, publicAddress: address('provider'), maxSessions: 1 })
    const second: { remotes: unknown; ca: unknown } = await provider.call('admit', ['session-12', request])
    expect(second).toMatchObject({ remotes: first.remotes, ca: (first as { ca?: unknown }).ca })
    await expect(provider.call('admit', ['session-13', request])).rejects.toThrow('Refused')
  }, 60_000)
})
