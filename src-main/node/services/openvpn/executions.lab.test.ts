import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_FRAME, parseRequest } from '../../../helper/requests.ts'
import { silentLogger } from '../../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../../localnet/hosts.ts'
import { openVpnAvailability } from '../../network/openvpn-availability.ts'
import { createHostNodes, type HostNode, type HostNodes, importable } from '../../testing/host-node.ts'
import { altered, alteredJson, SEED } from '../../testing/hostile.ts'
import { OPENVPN } from '../../testing/openvpn-program.ts'
import { readTrace, type Trace, tracer, whyNoTrace } from '../../testing/trace.ts'
import { createAuthority, issueServer } from './certificates.ts'
import { encodeStaticKey } from './pem.ts'
import { consumerData, providerData } from './session-data.ts'

/** Frames, and session data and requests, that are sent to each side while it is watched. */
const CASES = process.env.DEEP === '1' ? 1_000 : 60
const HELPER = fileURLToPath(new URL('../../../helper/main.ts', import.meta.url))

const NODE = `
import { spawn, execFileSync } from 'node:child_process'
import { startHelper } from ${importable('network/start-helper.ts')}
${OPENVPN}
let provider, consumer
const operations = {
  async startProvider(options) { provider = await openvpn.startProvider(options) },
  admit: ([sessionId, data]) => provider.admit(sessionId, '0x' + '00'.repeat(20), data),
  end: (sessionId) => provider.end(sessionId),
  async createConsumer() {
    consumer = await openvpn.createConsumer({ controlEndpoints: [] })
    consumer.onLost(() => say({ lost: true }))
    return consumer.request()
  },
  connect: (data) => consumer.start(data, new AbortController().signal),
  async leave() { await provider?.stop(); await consumer?.stop(); await guard.open(); await privilege.stop() },
  /** Frames to a helper of their own, one after the other; what each was answered. */
  async frames([helperPath, lines]) {
    const socket = await startHelper({ helperPath, nodePath: process.execPath }, log, new AbortController().signal)
    let text = '', got = () => undefined
    socket.setEncoding('utf8').on('data', (data) => { text += data; got() }).resume()
    socket.on('close', () => { text += '{"gone":true}\\n'; got() })
    const answer = async () => {
      while (!text.includes('\\n')) await new Promise((resolve) => { got = resolve })
      const end = text.indexOf('\\n')
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      return JSON.parse(line)
    }
    const answers = []
    for (const line of lines) { socket.write(line + '\\n'); answers.push(await answer()) }
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end()
    await closed
    return answers
  },
  /** What a node would do that let itself be misled. */
  shell: (file) => void execFileSync('/bin/sh', ['-c', ': > ' + file]),
  paste: (config) => new Promise((resolve) => {
    const child = spawn('/usr/sbin/openvpn', ['--config', 'stdin'], { stdio: ['pipe', 'ignore', 'ignore'] })
    child.on('exit', resolve).stdin.end(config)
  }),
  exit: () => process.exit(),
}`

/** Stands in whatever somebody else chose here, so that it is found again wherever it gets to. */
const MARK = 'zqx7hostile'
const unavailable =
  whyNoHosts() ?? whyNoTrace() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN on this machine')

describe.skipIf(unavailable !== undefined)('what is started [needs root] [needs openvpn] [needs strace]', async () => {
  const authority = await createAuthority(Date.now())
  const own = await issueServer(authority, Date.now())
  const tlsCrypt = encodeStaticKey(Buffer.alloc(256, 5))
  let hosts: Hosts
  let nodes: HostNodes
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'executions-'))
    hosts = await createHosts({ prefix: 'exectest', log: silentLogger })
    nodes = createHostNodes(hosts, NODE)
  }, 30_000)
  afterAll(async () => {
    await hosts?.dispose()
    rmSync(dir, { recursive: true, force: true })
  })

  /** Session data, requests and frames that were refused. */
  let refused = 0

  const start = (host: HostName) => nodes.start(host, tracer(join(dir, host)))
  const exit = async (node: HostNode) => {
    await node.call('exit').catch(() => undefined)
  }
  const kill = async (host: HostName, what: string) => {
    const pids = await nodes.find(host, what)
    expect(pids).toHaveLength(1)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
  }
  const untilLost = async (node: HostNode, times: number) => {
    while (node.said.length < times) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  const upInField = (pem: string) => `${pem}</ca>\nscript-security 2\nup "/bin/false ${MARK}"\n<ca>\n${pem}`
  /** Whatever changes there are, those with options in every text come first. */
  const variants = <T extends object>(good: T): unknown[] => {
    const marked = Object.entries(good).flatMap(([key, value]) => [
      { ...good, [key]: typeof value === 'string' ? upInField(value) : [{ address: `;${MARK}` }] },
      { ...good, [key]: `/tmp/${MARK}`, [MARK]: `\nup /bin/sh\nplugin /tmp/${MARK}` },
    ])
    return [...marked, ...fc.sample(altered(good), { numRuns: CASES, seed: SEED })]
  }
  const isRefused = (line: string) => {
    try {
      return parseRequest(line).id >= 0 && parseRequest(line).read() === undefined
    } catch {
      return true
    }
  }
  /** What would start something is left out: that is done in its order. */
  const frames = (...wholes: object[]) => {
    const changed = fc.oneof(...wholes.map((whole) => alteredJson(whole)))
    const lines = [
      ...wholes.flatMap((whole) => variants(whole).map((value) => JSON.stringify(value) ?? '')),
      ...fc.sample(changed, { numRuns: CASES, seed: SEED }),
    ].map((line) => line.replaceAll('\n', ' '))
    return lines.filter((line) => Buffer.byteLength(line) < MAX_FRAME && isRefused(line))
  }

  async function sendFrames(node: HostNode, ...wholes: object[]): Promise<void> {
    const lines = frames(...wholes)
    const last = JSON.stringify({ id: Number.MAX_SAFE_INTEGER, verb: 'status' })
    const answers: { error?: { name: string } }[] = await node.call('frames', [HELPER, [...lines, last, last]])
    const again = answers.pop()
    expect(answers.pop()).toMatchObject({ id: Number.MAX_SAFE_INTEGER, result: { tunnel: 'none', server: 'none' } })
    expect(again).toMatchObject({ id: -1, error: { name: 'BadRequest' } })
    expect(answers).toHaveLength(lines.length)
    expect(answers.filter(({ error }) => error?.name !== 'BadRequest')).toEqual([])
    refused += answers.length
  }

  /** Both sides through everything that happens to them, and what they were sent in between. */
  async function live(provider: HostNode, consumer: HostNode): Promise<void> {
    const publicAddress = hosts.host('provider').address
    const limits = { maxConnections: 2_000, newConnectionsPerSecond: 100, allowMail: false }
    const credentials = { ca: authority.certificate, ...own, tlsCrypt }
    await provider.call('startProvider', { dataDir: join(dir, 'data'), publicAddress, maxSessions: 3 })
    const request: object = await consumer.call('createConsumer')
    for (const [index, data] of variants(request).entries()) {
      if (consumerData.safeParse(data).success) continue
      await expect(provider.call('admit', [`hostile-${index}`, data])).rejects.toThrow('Refused')
      refused++
    }
    const good: { remotes: unknown } = await provider.call('admit', ['session-1', request])
    for (const data of variants(good)) {
      if (providerData.safeParse(data).success) continue
      await expect(consumer.call('connect', data)).rejects.toThrow('ServiceDataInvalid')
      refused++
    }
    await consumer.call('connect', good)
    await kill('consumer', 'openvpn\0')
    await untilLost(consumer, 1)
    await consumer.call('connect', good)
    await kill('consumer', 'helper/main.ts')
    await untilLost(consumer, 2)
    const again: object = await consumer.call('createConsumer')
    await consumer.call('connect', await provider.call('admit', ['session-2', again]))
    await provider.call('end', 'session-2')
    await untilLost(consumer, 3)
    await Promise.all([consumer.call('leave'), provider.call('leave')])
    const tunnel = { ...credentials, remotes: good.remotes, controlAddresses: [], dns: '9.9.9.9' }
    const server = { ...credentials, ...limits, port: 1194, protocol: 'udp', maxSessions: 3, publicAddress }
    const network = {
      state: 'blocked',
      allowLocalNetwork: false,
      controlEndpoints: [{ address: '192.0.2.1', port: 1 }],
    }
    await sendFrames(consumer, { id: 1, verb: 'tunnel-start', ...tunnel }, { id: 2, verb: 'network-set', ...network })
    await sendFrames(
      provider,
      { id: 1, verb: 'server-start', ...server },
      { id: 2, verb: 'server-kill', commonName: 'x' },
    )
  }

  /** `ip` is at one of two places. */
  const PROGRAMS = ['openvpn', 'ip', 'nft', 'tc']
    .map((name) => `/usr/sbin/${name}`)
    .concat('/usr/bin/ip', '/usr/bin/setpriv')
  const WRITTEN = [
    /^\/dev\/(null|net\/tun)$/,
    /^\/tmp\/myst-\w{6}(\/(socket|secret))?$/,
    /^\/run\/myst-helper(\/\d+-\d+(\/[\w.-]+)*)?$/,
    /^\/run\/myst-network(\/\d+\.json(\.new)?)?$/,
    /^\/proc\/sys\/net\/(core\/[rw]mem_max|ipv4\/ip_forward|ipv6\/conf\/[\w.-]+\/(accept_ra|forwarding|disable_ipv6))$/,
  ]

  function judge(trace: Trace): { executed: string[]; written: string[]; marked: string[] } {
    const files = new Set(trace.executed.map(({ file }) => file))
    const texts = [...trace.written, ...trace.executed.flatMap(({ file, args }) => [file, ...args])]
    return {
      executed: [...files].filter((file) => file !== process.execPath && !PROGRAMS.includes(file)),
      written: trace.written.filter((path) => {
        return !path.startsWith(join(dir, 'data')) && !WRITTEN.some((allowed) => allowed.test(path))
      }),
      marked: texts.filter((text) => text.includes(MARK)),
    }
  }

  it('are the programs that are meant, whatever anybody sends, and nothing is written elsewhere', async () => {
    const [provider, consumer] = await Promise.all([start('provider'), start('consumer')])
    await live(provider, consumer)
    await Promise.all([exit(provider), exit(consumer)])
    await nodes.end()
    const programs = {
      provider: ['ip', 'nft', 'openvpn', 'setpriv', 'tc'],
      consumer: ['ip', 'nft', 'openvpn', 'setpriv'],
    }
    const started: string[] = []
    for (const host of ['provider', 'consumer'] as const) {
      const trace = readTrace(join(dir, host))
      expect(judge(trace), host).toEqual({ executed: [], written: [], marked: [] })
      const names = new Set(trace.executed.map(({ file }) => file.split('/').at(-1)))
      expect([...names].filter((name) => name !== 'node').sort()).toEqual(programs[host])
      for (const { file, args } of trace.executed) {
        if (file.endsWith('/openvpn')) expect(args).toEqual([file, '--config', 'stdin'])
        if (file.endsWith('/setpriv')) expect(args.slice(-3)).toEqual(['/usr/sbin/openvpn', '--config', 'stdin'])
      }
      started.push(`${trace.executed.length} on the ${host}`)
    }
    const deep = process.env.DEEP === '1' ? 'deep: ' : ''
    console.log(
      `${deep}programs started: ${started.join(', ')}, none but ours; ${refused} hostile inputs, seed ${SEED}`,
    )
  }, 600_000)

  it('are seen to be others when somebody is misled', async () => {
    const consumer = await start('consumer')
    const file = join(tmpdir(), `${MARK}-${process.pid}`)
    await consumer.call('shell', file)
    rmSync(file)
    // The very text of above, in a configuration as others wrote theirs.
    const config = ['tls-client', 'dev tun', 'ifconfig 10.9.9.1 10.9.9.2', 'remote 127.0.0.1 9 udp4', 'nobind']
    const blocks = [`<ca>\n${upInField(authority.certificate)}</ca>`, `<cert>\n${own.certificate}</cert>`]
    await consumer.call('paste', [...config, ...blocks, `<key>\n${own.privateKey}</key>`, ''].join('\n'))
    await exit(consumer)
    await nodes.end()
    const { executed, written, marked } = judge(readTrace(join(dir, 'consumer')))
    expect(executed).toEqual(['/bin/sh', '/bin/false'])
    expect(written).toEqual([file])
    expect(marked).toEqual(expect.arrayContaining([file, `: > ${file}`, MARK]))
  }, 60_000)
})
