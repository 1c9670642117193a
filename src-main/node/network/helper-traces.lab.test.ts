import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, type Hosts, whyNoHosts } from '../localnet/hosts.ts'
import { createHostNodes, type HostNodes, readProcess } from '../testing/host-node.ts'
import { createMachine, HELPER, LATE, type Machine, type MachineNode, until } from '../testing/machine.ts'
import { BLOCKED, createTunnelRequests, OPEN } from '../testing/tunnel-requests.ts'
import { openVpnAvailability } from './openvpn-availability.ts'

const SECRET = '0123456789abcdef'.repeat(4)

const unavailable = whyNoHosts() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN')

describe.skipIf(unavailable !== undefined)('what the helper keeps and leaves [needs root] [needs openvpn]', () => {
  let hosts: Hosts
  let machine: Machine
  let provider: HostNodes
  let tunnelStart: object
  const nodes: MachineNode[] = []

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'helpertrace', log: silentLogger })
    const requests = await createTunnelRequests(hosts.host('provider').address, 'trusted')
    tunnelStart = requests.tunnelStart
    provider = createHostNodes(hosts, 'const operations = privilege')
    const serving = await provider.start('provider')
    await serving.call('ensure')
    await serving.call('serverStart', requests.serverStart)
    await serving.call('serverAdmit', { commonName: 'trusted' })
  })
  beforeEach(async () => {
    machine = await createMachine(hosts, 'consumer')
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.kill()
    // Those that a failure left: whether they end by themselves is said in the tests.
    for (const pid of await running()) process.kill(pid, 'SIGKILL')
    await until(async () => (await running()).length === 0, 'the helpers are gone')
    await machine.run(process.execPath, [HELPER, '--reset-network'])
  })
  afterAll(async () => {
    await provider?.end()
    await hosts?.dispose()
  })

  const inside = (path: string) => join(machine.root, path)
  const running = async () => [...(await machine.find('--socket')), ...(await machine.find('openvpn\0'))]
  async function node(as: Parameters<Machine['node']>[0] = {}): Promise<MachineNode> {
    const made = await machine.node(as)
    nodes.push(made)
    return made
  }

  /** What is below /run and /tmp that somebody else may read, write or enter by its modes. */
  const open = () =>
    ['run', 'tmp']
      .flatMap((top) => readdirSync(inside(top), { recursive: true }).map((name) => `${top}/${String(name)}`))
      .filter((path) => (statSync(inside(path)).mode & 0o077) !== 0)
      .map((path) => `${path} ${(statSync(inside(path)).mode & 0o777).toString(8)}`)
      .sort()

  it('is closed to others under umask 000', async () => {
    writeFileSync(inside('run/late.mjs'), LATE, { mode: 0o600 })
    const made = await node({ umask: 0, options: { helperPath: '/run/late.mjs' } })
    const started = made.call('ensure')
    started.catch(() => undefined)
    await until(async () => (await machine.find('late.mjs\0--socket')).length > 0, 'the node waits')
    const place = `tmp/${readdirSync(inside('tmp'))[0]}`
    // The control: this is what the mask lets through.
    await machine.run('/bin/sh', ['-c', 'umask 000; echo > /run/control; mkdir /run/control-directory'])
    expect(open()).toEqual(['run/control 666', 'run/control-directory 777'])
    for (const name of ['control', 'control-directory']) rmSync(inside(`run/${name}`), { recursive: true })
    const modes = [place, `${place}/secret`, `${place}/socket`].map((path) => statSync(inside(path)).mode & 0o777)
    expect(modes).toEqual([0o700, 0o600, 0o600])
    writeFileSync(inside('run/go'), '', { mode: 0o600 })
    await started
    await made.call('networkSet', BLOCKED)
    expect(await made.call('tunnelStart', tunnelStart)).toEqual({ device: 'mystc0' })
    expect(readdirSync(inside('run/myst-helper'), { recursive: true }).length).toBeGreaterThan(2)
    // What everybody may know: that the internet is blocked.
    const namespace = /\d+/.exec(readlinkSync(`/proc/${made.child.pid}/ns/net`))?.[0]
    expect(open()).toEqual(['run/myst-network 755', `run/myst-network/${namespace}.json 644`])
    await made.call('networkSet', OPEN)
  })

  it("gives OpenVPN nothing of its caller's, and no rights that it needs no more", async () => {
    const place = inside('tmp/place')
    mkdirSync(place, { mode: 0o700 })
    writeFileSync(join(place, 'secret'), SECRET, { mode: 0o600 })
    const listener = createServer().listen(join(place, 'socket'))
    writeFileSync(inside('run/callers'), 'x')
    const inherited = openSync(inside('run/callers'), 'r')
    const helper = machine.exec(process.execPath, [HELPER, '--socket', '/tmp/place', '--user', '0'], {
      stdio: ['ignore', 'ignore', 'ignore', inherited],
      env: { MYST_KEY: 'of the caller', LD_BIND_NOW: '1' },
    })
    closeSync(inherited)
    const [socket] = (await once(listener, 'connection')) as [Socket]
    const answered = new Promise((resolve) => {
      createInterface({ input: socket }).on('line', (line) => {
        const frame = JSON.parse(line) as { id?: number }
        if (frame.id !== undefined) resolve(frame)
      })
    })
    socket.write(`${JSON.stringify({ id: 1, verb: 'tunnel-start', ...tunnelStart })}\n`)
    expect(await answered).toMatchObject({ result: { device: 'mystc0' } })
    const holds = (pid = 0) =>
      readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`)
        } catch {
          return '' // the one that listed them
        }
      })
    // The control: the helper got all of it.
    expect(readProcess(helper.pid ?? 0, 'environ')).toContain('MYST_KEY')
    expect(holds(helper.pid)).toContain('/run/callers')
    expect(readlinkSync(`/proc/${helper.pid}/cwd`)).toBe('/')
    const [openvpn = 0] = await machine.find('openvpn\0')
    const environment = readProcess(openvpn, 'environ').split('\0').filter(Boolean).sort()
    expect(environment).toEqual(['LC_ALL=C', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'])
    expect(holds(openvpn)).not.toContain('/run/callers')
    expect(readlinkSync(`/proc/${openvpn}/cwd`)).toBe('/')
    const status = new Map(
      readProcess(openvpn, 'status')
        .split('\n')
        .map((line) => line.split(':\t') as [string, string]),
    )
    for (const name of ['Uid', 'Gid']) expect(status.get(name)).toBe('65534\t65534\t65534\t65534')
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
      expect([set, status.get(set)]).toEqual([set, '0000000000000000'])
    // Nobody is listened for, on any address.
    expect(await hosts.run('consumer', 'ss', ['-Hltn'])).toBe('')
    const ended = once(helper, 'exit')
    socket.destroy()
    expect((await ended)[0]).toBe(0)
    listener.close()
  })

  it('leaves nothing behind, at its end and after kill -9', async () => {
    const before = await machine.look()
    // Directories with nothing in them, in memory.
    const kept = { ...before, run: ['myst-helper', 'myst-network'] }
    const use = async () => {
      const made = await node()
      await made.call('ensure')
      await made.call('networkSet', BLOCKED)
      await made.call('tunnelStart', tunnelStart)
      return made
    }
    const first = await use()
    const meanwhile = await machine.look()
    for (const part of ['run', 'firewall', 'devices', 'rules4', 'routes4', 'rules6'] as const) {
      expect(meanwhile[part], part).not.toEqual(before[part])
    }
    await first.call('tunnelStop')
    await first.call('networkSet', OPEN)
    await first.call('stop')
    await until(async () => (await running()).length === 0, 'the first helper ended')
    expect(await machine.look()).toEqual(kept)

    const second = await use()
    for (const pid of await machine.find('--socket')) process.kill(pid, 'SIGKILL')
    await until(async () => (await running()).length === 0, 'OpenVPN is gone too')
    await second.kill()
    const third = await node()
    // Blocked since then, and said so, before any helper was asked and after.
    expect(await third.call('networkState')).toMatchObject({ state: 'blocked' })
    await third.call('ensure')
    expect(await third.call('networkState')).toMatchObject({ state: 'blocked' })
    await third.call('networkSet', OPEN)
    await third.call('stop')
    await until(async () => (await running()).length === 0, 'the third helper ended')
    expect(await machine.look()).toEqual(kept)
  }, 120_000)

  it('is one program at a time that has the network', async () => {
    const [one, two] = [await node(), await node()]
    await one.call('ensure')
    await two.call('ensure')
    await one.call('networkSet', BLOCKED)
    const rules = (await machine.look()).firewall
    for (const [operation, argument] of [
      ['networkSet', OPEN],
      ['networkSet', BLOCKED],
      ['tunnelStart', tunnelStart],
    ] as const) {
      await expect(two.call(operation, argument)).rejects.toThrow('NetworkTaken: Another program of this machine')
    }
    // Its end changes nothing of the other's either.
    await two.call('stop')
    await until(async () => (await running()).length === 1, 'the second helper ended')
    expect((await machine.look()).firewall).toEqual(rules)
    expect(await one.call('networkState')).toMatchObject({ state: 'blocked' })
    const three = await node()
    await three.call('ensure')
    await one.call('networkSet', OPEN)
    // The control: what is free is given to the next, while the first lives, and again after a kill.
    await three.call('networkSet', BLOCKED)
    await expect(one.call('networkSet', OPEN)).rejects.toThrow('NetworkTaken')
    // At once: its helper is ending still.
    await three.kill()
    await one.call('networkSet', BLOCKED)
    expect(await one.call('networkState')).toMatchObject({ state: 'blocked' })
    await one.call('networkSet', OPEN)
    expect(await one.call('networkState')).toEqual({ state: 'open' })
  }, 120_000)

  it('is told to the person when it does not start', async () => {
    const other = 'cp /usr/sbin/nft /run/nft && echo >> /run/nft && mount --bind /run/nft /usr/sbin/nft'
    await machine.run('/bin/sh', ['-c', other])
    const made = await node()
    const sentence = 'ProgramChanged: The program /usr/sbin/nft is not what its package installed'
    await expect(made.call('ensure')).rejects.toThrow(sentence)
    // Restoring the internet does not wait for that.
    expect((await machine.run(process.execPath, [HELPER, '--reset-network'])).code).toBe(0)
    await machine.run('/bin/umount', ['/usr/sbin/nft'])
    await made.call('ensure')
    expect(await made.call('networkState')).toEqual({ state: 'open' })
  })
})
