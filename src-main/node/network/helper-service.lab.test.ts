import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, type Hosts, whyNoHosts } from '../localnet/hosts.ts'
import { createHostNodes, type HostNodes, importable, readProcess } from '../testing/host-node.ts'
import { createMachine, HELPER, type Machine, type MachineNode, placed, type User, until } from '../testing/machine.ts'
import { createTunnelRequests } from '../testing/tunnel-requests.ts'
import { openVpnAvailability } from './openvpn-availability.ts'

const UNITS = new URL('../../../resources/linux/', import.meta.url).pathname
const ANALYZE = '/usr/bin/systemd-analyze'
const ACTIVATE = '/usr/bin/systemd-socket-activate'
const PLACE = '/run/myst-helper.sock'

const GROUP = 4242
const MEMBER = { uid: 1234, gid: GROUP }
const OTHER_MEMBER = { uid: 1235, gid: GROUP }
const STRANGER = { uid: 1236, gid: 1236 }

const service = readFileSync(join(UNITS, 'myst-helper@.service'), 'utf8')
const capabilities = /^CapabilityBoundingSet=(.*)$/m.exec(service)?.[1]?.split(' ') ?? []

/**
 * The service manager's part at each connection: asks the kernel who it is, takes away rights as the unit says, and
 * puts the user's number where systemd has it: version 252 for the one member, a later one for the other.
 */
const MANAGER = `
import os, socket, struct
connection = socket.socket(fileno=0)
pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
connection.detach()
os.execv("/usr/bin/setpriv", ["setpriv", "--no-new-privs", "--inh-caps=-all",
  "--bounding-set=-all,${capabilities.map((name) => `+${name.slice(4).toLowerCase()}`).join(',')}",
  "--", ${JSON.stringify(placed(process.execPath))}, ${JSON.stringify(HELPER)}, "--service", f"0-{pid}-{uid}" if uid == ${MEMBER.uid} else f"0-12-{pid}_34-{uid}"])`

/** Says something and goes when as many lines have come, or when the other side goes. */
const RAW = `
const [path, lines, ...texts] = process.argv.slice(1)
const socket = require('node:net').connect(path, () => { for (const text of texts) socket.write(text) })
let told = ''
socket.on('data', (data) => {
  told += data
  if (told.split('\\n').length > Number(lines)) socket.end()
})
socket.on('error', (error) => { told += error.code }).on('close', () => console.log(told))`

const unavailable =
  whyNoHosts() ??
  (openVpnAvailability().available ? undefined : 'no OpenVPN') ??
  (existsSync(ACTIVATE) && existsSync('/usr/bin/python3') ? undefined : 'no systemd-socket-activate')

describe.skipIf(unavailable !== undefined)('the helper as a service [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let machine: Machine
  let provider: HostNodes
  let tunnelStart: object
  let serverStart: object
  let blocked: object
  const nodes: MachineNode[] = []

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'helperserv', log: silentLogger })
    const requests = await createTunnelRequests(hosts.host('provider').address, 'served')
    tunnelStart = requests.tunnelStart
    serverStart = requests.serverStart
    const controlEndpoints = [{ address: hosts.host('hub').address, port: 80 }]
    blocked = { state: 'blocked', allowLocalNetwork: false, controlEndpoints }
    provider = createHostNodes(hosts, 'const operations = privilege')
    const serving = await provider.start('provider')
    await serving.call('ensure')
    await serving.call('serverStart', requests.serverStart)
    await serving.call('serverAdmit', { commonName: 'served' })
  })
  beforeEach(async () => {
    machine = await createMachine(hosts, 'consumer')
    writeFileSync(inside('/run/manager.py'), MANAGER)
    const log = process.env.MYST_TEST_LOG ? 'inherit' : 'ignore'
    machine.exec(ACTIVATE, [`--listen=${PLACE}`, '--accept', '--inetd', '/usr/bin/python3', '/run/manager.py'], {
      stdio: ['ignore', log, log],
    })
    await until(() => existsSync(inside(PLACE)), 'the service listens')
    chownSync(inside(PLACE), 0, GROUP)
    chmodSync(inside(PLACE), 0o660)
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.kill()
    for (const pid of [...(await running()), ...(await machine.find(ACTIVATE))]) process.kill(pid, 'SIGKILL')
    await until(async () => (await running()).length === 0, 'the helpers are gone')
    await machine.run(process.execPath, [HELPER, '--reset-network'])
  })
  afterAll(async () => {
    await provider?.end()
    await hosts?.dispose()
  })

  const inside = (path: string) => `${machine.root}${path}`
  const running = async () => [...(await machine.find('--service\0')), ...(await machine.find('openvpn\0'))]
  async function node(as: User): Promise<MachineNode> {
    const made = await machine.node({ ...as, options: { servicePath: PLACE } })
    nodes.push(made)
    return made
  }
  const open = () => ({ ...blocked, state: 'open' })
  const raw = async (as: User, lines: number, ...texts: string[]) =>
    (await machine.run(process.execPath, ['-e', RAW, PLACE, String(lines), ...texts], as)).out.trim()

  it('has units that systemd understands, and few rights', () => {
    const directory = mkdtempSync(join(tmpdir(), 'myst-units-'))
    try {
      const here = service.replace('/usr/lib/mysterium/bin/node', process.execPath)
      expect(here).not.toBe(service)
      writeFileSync(join(directory, 'myst-helper@.service'), here)
      for (const name of ['myst-helper.socket', 'myst-lockdown.service']) {
        writeFileSync(join(directory, name), readFileSync(join(UNITS, name)))
      }
      const unit = join(directory, 'myst-helper@0-1-1000.service')
      const verify = () =>
        execFileSync(ANALYZE, ['verify', join(directory, 'myst-helper.socket'), unit], { stdio: 'pipe' })
      expect(String(verify())).toBe('')
      // The control: a word that systemd does not know.
      writeFileSync(
        join(directory, 'myst-helper@.service'),
        here.replace('Type=', 'Typo=').replace('[Service]', '[Servise]'),
      )
      expect(verify).toThrow()
      // systemd's own figure, 0 (nothing allowed) to 10: below 3.5.
      writeFileSync(join(directory, 'one.service'), here)
      execFileSync(ANALYZE, ['security', '--offline=yes', '--threshold=35', join(directory, 'one.service')])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('is used at a place that only root can change, by those who may write there', async () => {
    const program = `import { connectService, mayUseService } from ${importable('network/helper-service.ts')}
      const path = process.argv[1]
      console.log(mayUseService(path), await connectService(path).then((socket) => socket === undefined ? 'nobody' : 'there', (error) => error.name))
      process.exit()`
    const ask = async (path: string, as: User) =>
      (await machine.run(process.execPath, ['--input-type=module', '-e', program, path], as)).out.trim()
    expect(await ask(PLACE, MEMBER)).toBe('true there')
    expect(await ask(PLACE, STRANGER)).toBe('false nobody')
    expect(await raw(STRANGER, 1)).toBe('EACCES')
    expect(await ask('/run/nothing.sock', MEMBER)).toBe('false nobody')
    symlinkSync(PLACE, inside('/run/link.sock'))
    writeFileSync(inside('/run/file.sock'), '', { mode: 0o666 })
    for (const path of ['/run/link.sock', '/run/file.sock']) expect(await ask(path, MEMBER)).toBe('false nobody')
    // Somebody else's, or at a place where somebody else could put one.
    chownSync(inside(PLACE), STRANGER.uid, GROUP)
    expect(await ask(PLACE, MEMBER)).toBe('false nobody')
    chownSync(inside(PLACE), 0, GROUP)
    mkdirSync(inside('/run/all'))
    const other = machine.exec('/usr/bin/python3', [
      '-c',
      'import socket; s = socket.socket(socket.AF_UNIX); s.bind("/run/all/it.sock"); s.listen(); s.accept()',
    ])
    await until(() => existsSync(inside('/run/all/it.sock')), 'it listens')
    chmodSync(inside('/run/all/it.sock'), 0o666)
    chmodSync(inside('/run/all'), 0o777)
    expect(await ask('/run/all/it.sock', MEMBER)).toBe('false nobody')
    other.kill('SIGKILL')
    // Installed, but nobody listens there any more.
    chmodSync(inside('/run/all'), 0o755)
    expect(await ask('/run/all/it.sock', MEMBER)).toBe('true nobody')
  })

  it('does for a member what it does behind a prompt, with the rights of its unit alone', async () => {
    const before = await machine.look()
    const made = await node(MEMBER)
    await made.call('ensure')
    const [helper = 0] = await machine.find('--service\0')
    const bounding = BigInt(`0x${/^CapBnd:\t(.*)$/m.exec(readProcess(helper, 'status'))?.[1]}`)
    expect(bounding.toString(2).replaceAll('0', '').length).toBe(capabilities.length)
    await made.call('networkSet', blocked)
    // Whose programs may speak to the chain: the kernel's word, nobody else's.
    expect((await machine.look()).firewall?.join('\n')).toContain(`meta skuid ${MEMBER.uid} `)
    expect(await made.call('tunnelStart', tunnelStart)).toEqual({ device: 'mystc0' })
    expect(await made.call('networkState')).toMatchObject({ state: 'tunnel' })
    // Another member may not take it away.
    const other = await node(OTHER_MEMBER)
    await other.call('ensure')
    for (const operation of [open(), blocked]) {
      await expect(other.call('networkSet', operation)).rejects.toThrow('NetworkTaken')
    }
    expect(await other.call('networkState')).toMatchObject({ state: 'tunnel' })
    await other.call('stop')

    // The node dies: blocked, and told to the next one, before and after it has a helper.
    await made.kill()
    await until(async () => (await running()).length === 0, 'the helper ended')
    const next = await node(OTHER_MEMBER)
    expect(await next.call('networkState')).toMatchObject({ state: 'blocked' })
    await next.call('ensure')
    expect(await next.call('networkState')).toMatchObject({ state: 'blocked' })
    expect(await next.call('tunnelStart', tunnelStart)).toEqual({ device: 'mystc0' })
    // The helper dies: OpenVPN with it, and the next one takes back what is left.
    for (const pid of await machine.find('--service\0')) process.kill(pid, 'SIGKILL')
    await until(async () => (await running()).length === 0, 'OpenVPN is gone too')
    await next.kill()
    const last = await node(MEMBER)
    await last.call('ensure')
    expect(await last.call('networkState')).toMatchObject({ state: 'blocked' })
    await last.call('networkSet', open())
    // A provider's part needs no more rights either.
    await last.call('serverStart', serverStart)
    await last.call('serverAdmit', { commonName: 'served' })
    await last.call('stop')
    await until(async () => (await running()).length === 0, 'the last helper ended')
    const kept = [...(before.run ?? []), 'myst-helper', 'myst-network'].sort()
    expect(await machine.look()).toEqual({ ...before, run: kept })
  }, 120_000)

  it('takes nothing from a frame about who is asking, and refuses what is no frame', async () => {
    const hello = '{"hello":"service","version":1}'
    const text = (fields: object) => `${JSON.stringify(fields)}\n`
    const set = { verb: 'network-set', ...blocked, user: 0, uid: 0 }
    expect(await raw(MEMBER, 2, text({ id: 1, ...set }))).toBe(`${hello}\n{"id":1,"result":{}}`)
    const rules = (await machine.look()).firewall?.join('\n')
    expect(rules).toContain(`meta skuid ${MEMBER.uid} `)
    expect(rules).not.toContain('meta skuid 0 ')
    const refused = '{"id":-1,"error":{"name":"BadRequest",'
    expect(await raw(OTHER_MEMBER, 3, 'GET / HTTP/1.0\r\n\n', '\u0001\n')).toContain(refused)
    expect(await raw(OTHER_MEMBER, 1, JSON.stringify({ id: 1, verb: 'network-set', ...open() }))).toBe(hello)
    expect(await raw(OTHER_MEMBER, 99, 'x'.repeat(100_000))).toMatch(
      /^(\{"hello":"service","version":1\})?\s*(EPIPE|ECONNRESET)?$/,
    )
    await until(async () => (await running()).length === 0, 'the helpers ended')
    // Taken over by the next one, as blocked; whose programs may speak to the chain is its own user's.
    const { firewall } = await machine.look()
    expect(firewall?.join('\n')).toContain('chain outward')
    expect(firewall?.join('\n')).not.toContain('meta skuid 0 ')
  })
})
