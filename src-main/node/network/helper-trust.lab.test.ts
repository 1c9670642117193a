import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, type Hosts, whyNoHosts } from '../localnet/hosts.ts'
import { createMachine, HELPER, LATE, type Machine, type MachineNode, until } from '../testing/machine.ts'
import { BLOCKED, OPEN } from '../testing/tunnel-requests.ts'

const SOMEBODY = { uid: 1234, gid: 1234 }
const SECRET = '0123456789abcdef'.repeat(4)

/** What somebody tries at the place where a node waits for its helper. */
const INTRUDER = `
const { readdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { connect } = require('node:net')
const [place] = process.argv.slice(1)
const told = {}
const attempt = (name, work) => { try { told[name] = work() } catch (error) { told[name] = error.code } }
attempt('list', () => readdirSync(place))
attempt('read', () => readFileSync(place + '/secret', 'utf8'))
attempt('move', () => process.getuid() === 0 || renameSync(place, place + '-moved'))
attempt('write', () => writeFileSync(place + '/more', 'x'))
const socket = connect(place + '/socket')
const done = (how) => { told.connect = how; console.log(JSON.stringify(told)); process.exit() }
socket.on('connect', () => done('connected')).on('error', (error) => done(error.code))`

type Frame = {
  id?: number
  hello?: string
  result?: Record<string, unknown>
  error?: { name: string; message: string }
}
/** A caller of ours at the other end of a real helper. */
type Conversation = {
  pid: number
  socket: Socket
  send(raw: string | Buffer): void
  next(): Promise<Frame>
  /** Its exit code, when it ended. */
  ended: Promise<number | null>
}

describe.skipIf(whyNoHosts() !== undefined)('the helper trusts nobody but its caller [needs root]', () => {
  let hosts: Hosts
  let machine: Machine
  const nodes: MachineNode[] = []
  const listeners: Server[] = []

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'helpertrust', log: silentLogger })
  })
  beforeEach(async () => {
    machine = await createMachine(hosts, 'consumer')
    writeFileSync(inside('run/late.mjs'), LATE)
  })
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.close()
    for (const node of nodes.splice(0)) await node.kill()
    for (const pid of await helpers()) process.kill(pid, 'SIGKILL')
    await until(async () => (await helpers()).length === 0, 'the helpers are gone')
    await machine.run(process.execPath, [HELPER, '--reset-network'])
  })
  afterAll(() => hosts?.dispose())

  const inside = (path: string) => join(machine.root, path)
  const helpers = async () => [...(await machine.find('--socket')), ...(await machine.find('openvpn\0'))]

  async function node(as: Parameters<Machine['node']>[0] = {}): Promise<MachineNode> {
    const made = await machine.node(as)
    nodes.push(made)
    return made
  }

  /** A node whose helper comes only after `let it come`; resolves with the place where it waits. */
  async function waiting(as: { umask?: number } = {}) {
    rmSync(inside('run/go'), { force: true })
    const made = await node({ ...as, options: { helperPath: '/run/late.mjs' } })
    const started = made.call('ensure')
    started.catch(() => undefined)
    const isWaiting = () => readdirSync(inside('tmp')).find((name) => name.startsWith('myst-'))
    const runs = async () => (await machine.find('late.mjs\0--socket')).length > 0
    await until(async () => isWaiting() !== undefined && (await runs()), 'the node waits')
    const place = isWaiting() ?? ''
    const comes = () => {
      writeFileSync(inside('run/go'), '')
      return started
    }
    return { made, place: `/tmp/${place}`, comes }
  }

  async function intrude(place: string, as: typeof SOMEBODY | undefined): Promise<Record<string, unknown>> {
    const { out } = await machine.run(process.execPath, ['-e', INTRUDER, place], as)
    return JSON.parse(out) as Record<string, unknown>
  }

  /** Says something to a waiting node, as its own user could; resolves with how that connection ended. */
  function say(place: string, bytes: string | Buffer): Promise<string> {
    const program = `const socket = require('node:net').connect(process.argv[1] + '/socket')
      socket.on('error', () => undefined).on('close', () => console.log('closed')).resume()
      socket.${bytes.length < 100 && !String(bytes).includes('\n') ? 'end' : 'write'}(Buffer.from(process.argv[2], 'base64'))`
    return machine
      .run(process.execPath, ['-e', program, place, Buffer.from(bytes).toString('base64')])
      .then(({ out }) => out.trim())
  }

  /** A directory as a node makes it, with a listener in it. */
  function place({ user = 0, secret = SECRET } = {}) {
    const directory = inside(`tmp/place-${listeners.length}`)
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(join(directory, 'secret'), secret, { mode: 0o600 })
    for (const path of [directory, join(directory, 'secret')]) chownSync(path, user, user)
    const connected: Socket[] = []
    const listener = createServer((socket) => connected.push(socket.on('error', () => undefined)))
    listeners.push(listener)
    listener.listen(join(directory, 'socket'))
    return {
      directory,
      listener,
      connected,
      args: ['--socket', directory.slice(machine.root.length), '--user', String(user)],
    }
  }

  async function converse(options: { env?: NodeJS.ProcessEnv; inherited?: number } = {}): Promise<Conversation> {
    const { args, listener } = place()
    const child = machine.exec(process.execPath, [HELPER, ...args], {
      stdio: ['ignore', 'ignore', process.env.MYST_TEST_LOG ? 'inherit' : 'ignore', options.inherited ?? 'ignore'],
      ...(options.env && { env: options.env }),
      cwd: '/',
    })
    const ended = once(child, 'exit').then(([code]) => code as number | null)
    const [socket] = (await once(listener, 'connection')) as [Socket]
    socket.on('error', () => undefined)
    const said: Frame[] = []
    const awaited: ((frame: Frame) => void)[] = []
    createInterface({ input: socket })
      .on('error', () => undefined)
      .on('line', (line) => {
        const frame = JSON.parse(line) as Frame & { event?: string }
        if (frame.event !== undefined) return
        const taker = awaited.shift()
        if (taker) taker(frame)
        else said.push(frame)
      })
    const conversation: Conversation = {
      pid: child.pid ?? 0,
      socket,
      send: (raw) => void socket.write(raw),
      next: async () => said.shift() ?? (await new Promise<Frame>((resolve) => awaited.push(resolve))),
      ended,
    }
    expect(await conversation.next()).toEqual({ hello: SECRET, version: 1 })
    return conversation
  }
  const ask = ({ send, next }: Conversation, frame: object) => {
    send(`${JSON.stringify(frame)}\n`)
    return next()
  }

  it("shows another user neither secret nor socket, and lets nobody take the helper's place", async () => {
    const { made, place, comes } = await waiting()
    expect(await intrude(place, SOMEBODY)).toEqual({
      ...{ list: 'EACCES', read: 'EACCES', write: 'EACCES', connect: 'EACCES' },
      move: expect.stringMatching(/^(EPERM|EACCES)$/),
    })
    const secret = readFileSync(inside(`${place}/secret`), 'utf8')
    // What the right one would be refused for: nearly right, right but not whole, right but late, too long, no text.
    for (const bytes of [
      `{"hello":"${SECRET}","version":1}\n`,
      `{"hello":"service","version":1}\n`,
      `{"hello":"${secret}","version":2}\n`,
      `{"hello":"${secret.slice(1)}","version":1}\n`,
      `{"hello":["${secret}"],"version":1}\n`,
      `{"hello":"${secret}"`,
      `x\n{"hello":"${secret}","version":1}\n`,
      `${' '.repeat(70_000)}{"hello":"${secret}","version":1}\n`,
      Buffer.from([0, 255, 254, 10, 123, 10]),
    ]) {
      expect(await say(place, bytes), String(bytes).slice(0, 40)).toBe('closed')
    }
    await comes()
    expect(await made.call('networkState')).toEqual({ state: 'open' })
    expect(readdirSync(inside('tmp'))).toEqual([])

    await made.kill()
    await until(async () => (await helpers()).length === 0, 'the helper ended')
    // The secret of before, to the next one; and then the control: the same line with its own is taken.
    const next = await waiting()
    expect(await say(next.place, `{"hello":"${secret}","version":1}\n`)).toBe('closed')
    const own = readFileSync(inside(`${next.place}/secret`), 'utf8')
    expect(own).not.toBe(secret)
    expect(await intrude(next.place, undefined)).toMatchObject({ read: own, connect: 'connected' })
    await next.comes()
  })

  it("takes its own user's line, so that the refusals above mean something", async () => {
    const { made, place } = await waiting()
    const secret = readFileSync(inside(`${place}/secret`), 'utf8')
    const impostor = machine.exec(process.execPath, [
      '-e',
      `const socket = require('node:net').connect('${place}/socket', () => socket.write('{"hello":"${secret}","version":1}\\n'))
       socket.on('data', (data) => { const { id } = JSON.parse(data); socket.write(JSON.stringify({ id, result: { state: 'blocked' } }) + '\\n') })`,
    ])
    await made.call('ensure')
    expect(await made.call('networkState')).toEqual({ state: 'blocked' })
    impostor.kill('SIGKILL')
    writeFileSync(inside('run/go'), '') // the right one finds nobody, and ends
    await until(async () => (await machine.find('--socket')).length === 0, 'the late helper ended')
    expect(readdirSync(inside('run')).filter((name) => name === 'myst-helper')).toEqual([])
  })

  it("works only for a place that is its user's alone", async () => {
    const start = async (args: string[]) => machine.run(process.execPath, [HELPER, ...args])
    const good = place({ user: SOMEBODY.uid })
    const ended = start(good.args)
    const [socket] = (await once(good.listener, 'connection')) as [Socket]
    const [line] = (await once(socket.setEncoding('utf8'), 'data')) as [string]
    expect(JSON.parse(line)).toEqual({ hello: SECRET, version: 1 })
    socket.destroy()
    expect(await ended).toMatchObject({ code: 0 })

    const before = await machine.look()
    const spoilt: [string, (directory: string) => void][] = [
      ['open to its group', (directory) => chmodSync(directory, 0o710)],
      ['open to all', (directory) => chmodSync(directory, 0o777)],
      ['of another user', (directory) => chownSync(directory, 4321, 4321)],
      ['secret open to read', (directory) => chmodSync(join(directory, 'secret'), 0o644)],
      ['secret of another user', (directory) => chownSync(join(directory, 'secret'), 0, 0)],
      ['secret too short', (directory) => writeFileSync(join(directory, 'secret'), 'abc')],
      ['no secret', (directory) => rmSync(join(directory, 'secret'))],
      ['removed since', (directory) => rmSync(directory, { recursive: true })],
      [
        "a link to a secret of root's",
        (directory) => {
          writeFileSync(inside('run/others'), SECRET, { mode: 0o600 })
          rmSync(join(directory, 'secret'))
          symlinkSync('/run/others', join(directory, 'secret'))
        },
      ],
    ]
    for (const [what, spoil] of spoilt) {
      const { args, directory, connected } = place({ user: SOMEBODY.uid })
      spoil(directory)
      const { code, error } = await start(args)
      expect([code, connected.length], what).toEqual([1, 0])
      expect(error, what).not.toContain(SECRET)
      rmSync(directory, { recursive: true, force: true })
    }
    rmSync(inside('run/others'))
    const { args } = place({ user: SOMEBODY.uid })
    const [way = '', where = '', option = '', user = ''] = args
    for (const wrong of [
      [way, where, option, '4321'],
      [way, where, option, '-1'],
      [way, where, option, `${user}x`],
      [way, where],
      [...args, '--more'],
      ['--service', '0-1'],
      ['--service', '0-unknown'],
      ['--service', `0-1-${user}`], // its stdin is no socket
      ['--service', `0-1-${user}\n`],
      ['--reset-network', 'now'],
      [],
    ]) {
      expect((await start(wrong)).code, wrong.join(' ')).toBe(1)
    }
    rmSync(inside('tmp/place-10'), { recursive: true, force: true })
    expect(await machine.look()).toEqual(before)
  }, 120_000)

  it('answers whatever else comes with a refusal, or not at all, and does nothing', async () => {
    const before = await machine.look()
    const conversation = await converse()
    const { send, next } = conversation
    const while_ = await machine.look()
    const refused = async (raw: string | Buffer) => {
      send(raw)
      send('\n')
      const { error, result } = await next()
      expect(result, String(raw).slice(0, 80)).toBeUndefined()
      expect(error, String(raw).slice(0, 80)).toMatchObject({ name: 'BadRequest' })
    }
    const verb = (fields: object | string) => JSON.stringify(fields)
    for (const raw of [
      'status',
      '{"id":1,"verb":"status"',
      '{"id":1,"verb":"status"}{"id":2,"verb":"status"}',
      '[{"id":1,"verb":"status"}]',
      '{"id":1e99,"verb":"status"}',
      '{"id":"1","verb":"status"}',
      '{"__proto__":{"id":1,"verb":"status"}}',
      '{"id":1,"verb":"__proto__"}',
      '{"id":2,"verb":"constructor"}',
      '{"id":3,"verb":["status"]}',
      verb({ id: 4, verb: 'network-set', state: 'shut', allowLocalNetwork: false, controlEndpoints: [] }),
      verb({ id: 5, verb: 'network-set', ...BLOCKED, controlEndpoints: [{ address: '1.2.3.4; drop', port: 1 }] }),
      verb({ id: 6, verb: 'network-set', ...BLOCKED, allowLocalNetwork: 'yes' }),
      verb({ id: 7, verb: 'tunnel-start' }),
      verb({ id: 8, verb: 'server-start', port: 1 }),
      Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80]),
      '['.repeat(90_000),
      `"${'a'.repeat(95_000)}"`,
    ]) {
      await refused(raw)
    }
    const actions = [
      'network-set',
      'tunnel-start',
      'tunnel-mtu',
      'server-start',
      'server-admit',
      'server-kill',
      'server-traffic',
    ]
    let id = 100
    for (const [name, fields] of fc.sample(
      fc.tuple(fc.constantFrom(...actions), fc.dictionary(fc.string(), fc.jsonValue())),
      300,
    )) {
      await refused(JSON.stringify({ ...fields, id: id++, verb: name }))
    }
    for (const bytes of fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), 200)) {
      await refused(Buffer.from(bytes.map((byte) => (byte === 10 ? 11 : byte))))
    }
    expect(await machine.look()).toEqual(while_)
    // The control: the same connection does what it is asked properly, once.
    const block = { id: id++, verb: 'network-set', ...BLOCKED }
    expect(await ask(conversation, block)).toMatchObject({ result: {} })
    expect((await machine.look()).firewall).not.toEqual(while_.firewall)
    expect(await ask(conversation, { id: id++, verb: 'network-set', ...OPEN })).toMatchObject({ result: {} })
    expect(await ask(conversation, block)).toMatchObject({ error: { name: 'BadRequest' } })
    expect(await ask(conversation, { id: id++, verb: 'status' })).toMatchObject({
      result: { tunnel: 'none', server: 'none' },
    })
    expect((await machine.look()).firewall).toEqual(while_.firewall)

    // Too long, without end: the connection is over, and the helper with it.
    const closed = new Promise((resolve) => conversation.socket.once('close', resolve))
    send('x'.repeat(200_000))
    await closed
    expect(await conversation.ended).toBe(0)
    // Half a frame and then nothing; and one who asks and never listens.
    const half = await converse()
    half.socket.end(JSON.stringify({ id: 1, verb: 'network-set', ...BLOCKED }))
    expect(await half.ended).toBe(0)
    const deaf = await converse()
    deaf.socket.pause()
    const flood = setInterval(() => {
      for (let i = 0; i < 2_000; i++) deaf.send('{"id":-1}\n')
    }, 10)
    const how = await deaf.ended
    clearInterval(flood)
    expect(how).toBe(0)
    for (const name of readdirSync(inside('tmp'))) rmSync(inside(`tmp/${name}`), { recursive: true })
    expect({ ...(await machine.look()), tmp: [] }).toEqual({
      ...before,
      run: [...(before.run ?? []), 'myst-helper', 'myst-network'].sort(),
    })
  }, 120_000)
})
