import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, type HostName, type Hosts, hostNames, whyNoHosts } from './hosts.ts'

// Answers one connection with the caller's address and prints when it listens.
const SERVER = `
const server = require('node:net').createServer((socket) => socket.end(socket.remoteAddress))
server.listen({ port: 8080, host: '::' }, () => console.log('listening'))`
const CLIENT = `
const socket = require('node:net').connect({ port: 8080, host: process.argv[1] })
socket.on('error', (error) => { console.error(error.message); process.exit(1) })
socket.pipe(process.stdout)`

const namespacesOf = (hosts: Hosts) => [hosts.router, ...hostNames.map((name) => hosts.host(name).namespace)]
const exists = (namespace: string) => existsSync(`/run/netns/${namespace}`)

describe.skipIf(whyNoHosts() !== undefined)('hosts on one machine [needs root]', () => {
  const made: Hosts[] = []
  const create = async (prefix = 'hoststest') => {
    const hosts = await createHosts({ prefix, log: silentLogger })
    made.push(hosts)
    return hosts
  }
  afterEach(async () => {
    await Promise.all(made.splice(0).map((hosts) => hosts.dispose()))
  })

  async function listen(hosts: Hosts, name: HostName) {
    const server = hosts.exec(name, process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (!server.stdout) throw new Error('no output')
    await once(server.stdout, 'data')
    return server
  }

  it('every host reaches the internet host over IPv4 and IPv6 under its own address', async () => {
    const hosts = await create()
    await listen(hosts, 'internet')
    const internet = hosts.host('internet')
    for (const name of hostNames.filter((other) => other !== 'internet')) {
      const four = await hosts.run(name, process.execPath, ['-e', CLIENT, internet.address])
      expect(four).toBe(`::ffff:${hosts.host(name).address}`)
      const six = await hosts.run(name, process.execPath, ['-e', CLIENT, internet.address6])
      expect(six).toBe(hosts.host(name).address6)
    }
  })

  it('a host sees nothing of the machine, and the machine nothing of it', async () => {
    const hosts = await create()
    await listen(hosts, 'consumer')
    const links = await hosts.run('consumer', 'ip', ['-o', 'link'])
    expect(links.trim().split('\n')).toHaveLength(2)
    await expect(hosts.run('provider', process.execPath, ['-e', CLIENT, '127.0.0.1'])).rejects.toThrow(/ECONNREFUSED/)
  })

  it('two sets with the same prefix and addresses live side by side', async () => {
    const [one, two] = await Promise.all([create(), create()])
    await listen(one, 'hub')
    await listen(two, 'hub')
    await one.dispose()
    expect(namespacesOf(one).filter(exists)).toEqual([])
    const answer = await two.run('consumer', process.execPath, ['-e', CLIENT, two.host('hub').address])
    expect(answer).toBe('::ffff:198.51.100.10')
  })

  it('dispose ends every process on the hosts, also one that ignores SIGTERM and a grandchild', async () => {
    const hosts = await create()
    const stubborn = `
      process.on('SIGTERM', () => undefined)
      require('node:child_process').spawn('sleep', ['600'], { detached: true }).unref()
      setInterval(() => undefined, 1000); console.log('up')`
    const child = hosts.exec('provider', process.execPath, ['-e', stubborn], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (!child.stdout) throw new Error('no output')
    const gone = once(child, 'exit')
    await once(child.stdout, 'data')
    await hosts.dispose()
    expect((await gone)[1]).toBe('SIGKILL')
    expect(namespacesOf(hosts).filter(exists)).toEqual([])
    expect(() => hosts.exec('provider', 'true', [])).toThrow(/being removed/)
  }, 15_000)

  it('dispose also ends what was started a moment ago', async () => {
    const hosts = await create()
    const child = hosts.exec('provider', 'sleep', ['600'])
    const gone = once(child, 'exit')
    await hosts.dispose()
    expect((await gone)[1]).toBe('SIGTERM')
  })

  it('removes what a killed run left, and leaves the living alone', async () => {
    const living = await create('hostsleft')
    const module = new URL('./hosts.ts', import.meta.url).href
    const crash = `
      import { createHosts } from ${JSON.stringify(module)}
      const log = { debug() {}, info() {}, warn() {}, error() {}, of: () => log }
      const hosts = await createHosts({ prefix: 'hostsleft', log })
      hosts.exec('hub', 'sleep', ['600'], { detached: true, stdio: 'ignore' })
      console.log(hosts.router)
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', crash], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const router = String((await once(child.stdout, 'data'))[0]).trim()
    expect(exists(router)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await create('hostsleft')
    expect(exists(router)).toBe(false)
    expect(namespacesOf(living).every(exists)).toBe(true)
  })
})

if (whyNoHosts() !== undefined) {
  it('says why there can be no hosts', async () => {
    await expect(createHosts({ prefix: 'hoststest', log: silentLogger })).rejects.toThrow(/root|Linux|iproute2/)
  })
}
