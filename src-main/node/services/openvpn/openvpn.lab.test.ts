import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../../localnet/hosts.ts'
import { openVpnAvailability } from '../../network/openvpn-availability.ts'

const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** One node's part, on a host of its own: commands in as JSON lines, answers out. */
const NODE = `
import { createInterface } from 'node:readline'
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
import { get, request } from 'node:http'
import { createOpenVpn } from ${url('./openvpn.ts')}
import { createPrivilege } from ${url('../../network/privilege-client.ts')}
import { systemClock as clock } from ${url('../../lib/clock.ts')}
import { createLogger } from ${url('../../lib/logger.ts')}
const log = createLogger((line) => process.stderr.write(line + '\\n'), 'node', process.env.MYST_TEST_LOG ? 'debug' : 'error')
const privilege = createPrivilege({ log, clock })
const openvpn = createOpenVpn({ privilege, log, clock })
const say = (frame) => console.log(JSON.stringify(frame, (_, value) => typeof value === 'bigint' ? String(value) : value))
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
}
createInterface(process.stdin).on('line', async (line) => {
  const { id, operation, argument } = JSON.parse(line)
  try { say({ id, result: await operations[operation](argument) ?? null }) }
  catch (error) { say({ id, error: error.name, message: error.message, reason: error.reason }) }
})
say({ ready: process.pid })`

/** The internet: says who asks, sends and takes any number of bytes. */
const INTERNET = `
const server = require('node:http').createServer((request, response) => {
  const bytes = Number(new URL(request.url, 'http://x').searchParams.get('bytes') ?? 0)
  request.resume()
  request.on('end', () => response.end(bytes ? Buffer.alloc(bytes) : request.socket.remoteAddress))
})
server.listen({ port: 80, host: '::' }, () => console.log('listening'))`

type Answer = Record<string, unknown>
type Node = {
  child: ChildProcess
  pid: number
  lost: Answer[]
  call(operation: string, argument?: unknown): Promise<never>
}

const unavailable = whyNoHosts() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN')

describe.skipIf(unavailable !== undefined)('OpenVPN between hosts [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let dataDir: string
  const nodes: Node[] = []

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'ovpntest', log: silentLogger })
    dataDir = mkdtempSync(join(tmpdir(), 'ovpntest-'))
    await listen('internet')
    // A private network that the provider can reach, with a service in it.
    await hosts.run('router', 'ip', ['addr', 'add', '10.1.2.3/32', 'dev', 'lo'])
    await listen('router')
    await listen('provider')
  }, 30_000)
  afterEach(async () => {
    for (const node of nodes.splice(0)) {
      if (node.child.exitCode !== null || node.child.signalCode !== null) continue
      const gone = once(node.child, 'exit')
      node.child.stdin?.end()
      node.child.kill('SIGKILL')
      await gone
    }
    await Promise.all((['provider', 'consumer'] as const).map(helpersGone))
  })
  afterAll(async () => {
    await hosts?.dispose()
    if (dataDir) rmSync(dataDir, { recursive: true, force: true })
  })

  async function listen(name: HostName | 'router') {
    const server = hosts.exec(name, process.execPath, ['-e', INTERNET], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (server.stdout) await once(server.stdout, 'data')
  }

  async function node(name: HostName): Promise<Node> {
    const child = hosts.exec(name, process.execPath, ['--input-type=module', '-e', NODE], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: process.cwd(),
    })
    const waiting = new Map<number, (answer: Answer) => void>()
    const lost: Answer[] = []
    let nextId = 0
    if (!child.stdout) throw new Error('no output')
    const started = new Promise<number>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const frame = JSON.parse(line) as Answer
        if (typeof frame.ready === 'number') resolve(frame.ready)
        else if (frame.lost !== undefined) lost.push(frame)
        else waiting.get(frame.id as number)?.(frame)
      })
    })
    const made: Node = {
      child,
      pid: await started,
      lost,
      async call(operation, argument) {
        const id = nextId++
        const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve))
        child.stdin?.write(`${JSON.stringify({ id, operation, argument })}\n`)
        const { error, message, result } = await answer
        if (error !== undefined) throw new Error(`${String(error)}: ${String(message)}`)
        return result as never
      },
    }
    nodes.push(made)
    return made
  }

  async function startProvider(options: object = {}): Promise<Node> {
    const provider = await node('provider')
    const publicAddress = hosts.host('provider').address
    await provider.call('startProvider', { dataDir, publicAddress, maxSessions: 3, ...options })
    return provider
  }

  async function connect(provider: Node, sessionId: string): Promise<Node> {
    const consumer = await node('consumer')
    const request = await consumer.call('createConsumer', { controlAddresses: [hosts.host('hub').address] })
    await consumer.call('connect', await provider.call('admit', [sessionId, request]))
    return consumer
  }

  /** No helper and no OpenVPN on a host any more. */
  async function helpersGone(name: HostName): Promise<void> {
    for (
      const until = Date.now() + 10_000;
      Date.now() < until;
      await new Promise((resolve) => setTimeout(resolve, 50))
    ) {
      const pids = (await hosts.run('router', 'ip', ['netns', 'pids', hosts.host(name).namespace]))
        .split('\n')
        .filter(Boolean)
      const names = pids.map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        } catch {
          return ''
        }
      })
      if (!names.some((text) => text.includes('openvpn\0') || text.includes('helper/main.ts'))) return
    }
    throw new Error(`a helper is still running on ${name}`)
  }

  const page = () => `http://${hosts.host('internet').address}/`

  it('carries traffic out under the provider address, counted alike on both sides', async () => {
    const provider = await startProvider()
    const consumer = await connect(provider, 'session-1')
    expect(await consumer.call('fetch', page())).toBe(`::ffff:${hosts.host('provider').address}`)
    expect(await consumer.call('get', page())).toMatchObject({ text: `::ffff:${hosts.host('provider').address}` })
    const page6 = `http://[${hosts.host('internet').address6}]/`
    expect(await consumer.call('get', page6)).toMatchObject({ text: hosts.host('provider').address6 })
    expect(await consumer.call('fetch', page6)).toBe(hosts.host('provider').address6)
    console.log(await consumer.call('used'), await provider.call('served', 'session-1'))
  }, 60_000)
})
