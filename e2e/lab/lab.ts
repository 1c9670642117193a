import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../../src-main/node/lib/logger.ts'
import { createHosts, type HostName, type Hosts } from '../../src-main/node/localnet/hosts.ts'
import { openSocketProxy } from '../../src-main/node/localnet/socket-proxy.ts'
import type { SeenRequest } from './internet.ts'
import { type Exit, type Line, type LineProcess, readLines } from './line-process.ts'
import type { Transfer, Transferred } from './transfer.ts'

/**
 * A small internet on one machine, with the real programs on its hosts: chain and broker on `hub`, a
 * web server on `internet`, and whatever a test starts on `provider`, `provider2` and `consumer`.
 */
export type Lab = {
  readonly hosts: Hosts
  /** A directory of the lab's own; goes with it. */
  readonly dir: string
  /** The network file that `myst` is given; there once `startNetwork` is done. */
  readonly networkFile: string
  /**
   * `myst localnet up` on the hub, or the same with a real Mosquitto behind the gate
   * (`mosquitto-hub.ts`); its probe is the internet host.
   */
  startNetwork(options?: { broker: 'mosquitto' }): Promise<LineProcess>
  /** Starts any program on a host. */
  start(host: HostName, file: string, args: readonly string[], env?: NodeJS.ProcessEnv): LineProcess
  /** Starts `myst --json` on a host, with a home of that name. */
  myst(host: HostName, home: string, args: readonly string[]): LineProcess
  /** Runs `myst --json` to its end; rejects when it fails. */
  mystDone(host: HostName, home: string, args: readonly string[]): Promise<readonly Line[]>
  /** A new identity in that home, funded by the faucet, registered, with that deposit; resolves with its id. */
  prepareIdentity(host: HostName, home: string, depositMyst: number): Promise<string>
  homeDir(home: string): string
  /** An HTTP exchange from a host. Rejects when it fails. */
  transfer(host: HostName, task: Transfer): Promise<Transferred>
  /** What the internet host was asked so far. */
  requests(): readonly SeenRequest[]
  /** Bytes through an interface of a host, as its kernel counts them. */
  counters(host: HostName, device: string): Promise<{ receivedBytes: number; sentBytes: number }>
  /** `http://127.0.0.1:PORT` on the machine for a Unix socket of a node; closed with the lab. */
  door(socketPath: string): Promise<string>
  /** Ends everything. With MYST_LAB_KEEP=1 the directory stays, with what every program printed. */
  dispose(): Promise<void>
}

export const LAB_PASSPHRASE = 'correct horse battery staple'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = (name: string) => join(root, 'e2e/lab', name)
const MOSQUITTO_HUB = fileURLToPath(new URL('./mosquitto-hub.ts', import.meta.url))

export async function createLab(): Promise<Lab> {
  const log = createLogger((line) => process.stderr.write(`${line}\n`), 'lab', 'warn')
  const hosts = await createHosts({ prefix: 'mystlab', log })
  removeLeftoverDirs()
  const dir = join(tmpdir(), hosts.router.replace(/-router$/, ''))
  mkdirSync(dir, { mode: 0o700 })
  const networkFile = join(dir, 'network.json')
  const closing: (() => Promise<void>)[] = []
  let started = 0

  const start: Lab['start'] = (host, file, args, env = {}) => {
    const name = `${host}: ${[file, ...args].join(' ').replaceAll(root, '')}`
    const child = hosts.exec(host, file, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    return readLines(child, name, join(dir, `${String(started++).padStart(3, '0')}-${host}.log`))
  }
  const homeDir = (home: string) => join(dir, home)
  const myst: Lab['myst'] = (host, home, args) => {
    const network = args[0] === 'localnet' ? [] : ['--network', networkFile]
    const command = [join(root, 'scripts/myst.mjs'), '--home', homeDir(home), ...network, '--json', ...args]
    return start(host, process.execPath, command, { MYST_PASSPHRASE: LAB_PASSPHRASE })
  }
  const mystDone: Lab['mystDone'] = async (host, home, args) => {
    const running = myst(host, home, args)
    return succeeded(`myst ${args.join(' ')}`, await running.exited, running.lines)
  }

  async function startInternet(): Promise<LineProcess> {
    const internet = start('internet', process.execPath, [program('internet.ts')])
    await internet.until('listening', (line) => line.listening === true, 20_000)
    return internet
  }

  async function dispose(): Promise<void> {
    await Promise.all(closing.splice(0).map((close) => close()))
    await hosts.dispose()
    if (process.env.MYST_LAB_KEEP !== '1') return rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
    const kept = `${dir}-kept`
    if (existsSync(dir)) renameSync(dir, kept)
    process.stderr.write(`The lab's files stay in ${kept}\n`)
  }

  let internet: LineProcess
  try {
    internet = await startInternet()
  } catch (error) {
    await dispose()
    throw error
  }

  return {
    hosts,
    dir,
    networkFile,
    start,
    myst,
    mystDone,
    homeDir,
    dispose,
    async startNetwork(options) {
      const written = join(dir, 'localnet.json')
      const { address } = hosts.host('hub')
      const hub =
        options?.broker === 'mosquitto'
          ? start('hub', process.execPath, [MOSQUITTO_HUB, address, written])
          : myst('hub', 'hub', ['localnet', 'up', '--host', address, '--out', written])
      await hub.until('the network file', (line) => line.event === 'up', 60_000)
      const network: unknown = JSON.parse(readFileSync(written, 'utf8'))
      const internet = `http://${hosts.host('internet').address}`
      const asked = { probes: [`${internet}/ip`], transferProbe: `${internet}/bytes/49152` }
      writeFileSync(networkFile, JSON.stringify({ ...(network as object), ...asked }))
      return hub
    },
    async prepareIdentity(host, home, depositMyst) {
      const [made] = await mystDone(host, home, ['identity', 'new'])
      // Registration has its fee; the faucet gives enough for both.
      await mystDone(host, home, ['wallet', 'faucet', String(depositMyst + 1000)])
      await mystDone(host, home, ['identity', 'register'])
      if (depositMyst > 0) await mystDone(host, home, ['wallet', 'deposit', String(depositMyst), '--without-backup'])
      return String(made?.identity)
    },
    async transfer(host, task) {
      const timeoutMs = task.timeoutMs ?? 60_000
      const running = start(host, process.execPath, [program('transfer.ts'), JSON.stringify({ ...task, timeoutMs })])
      const lines = succeeded(`${host}: ${task.url}`, await running.exited, running.lines)
      return lines[0] as unknown as Transferred
    },
    requests: () => internet.lines.filter((line) => 'from' in line) as unknown as SeenRequest[],
    async counters(host, device) {
      const text = await hosts.run(host, 'cat', ['/proc/net/dev'])
      const row = text.split('\n').find((line) => line.trim().startsWith(`${device}:`))
      if (row === undefined) throw new Error(`${host} has no interface ${device}.`)
      const figures = row
        .slice(row.indexOf(':') + 1)
        .trim()
        .split(/\s+/)
        .map(Number)
      return { receivedBytes: figures[0] ?? 0, sentBytes: figures[8] ?? 0 }
    },
    async door(socketPath) {
      const proxy = await openSocketProxy(socketPath)
      closing.push(() => proxy.close())
      return `http://127.0.0.1:${proxy.port}`
    },
  }
}

/** Of labs that were killed: their hosts are gone, with which they share the name. */
function removeLeftoverDirs(): void {
  for (const name of readdirSync(tmpdir())) {
    const ours = /^mystlab-\d+-\d+-[0-9a-f]{6}$/.test(name)
    if (ours && !existsSync(`/run/netns/${name}-router`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function succeeded(what: string, exit: Exit, lines: readonly Line[]): readonly Line[] {
  if (exit.code === 0) return lines
  throw new Error(`${what} ended with ${exit.code ?? exit.signal}: ${exit.stderr.trim()}`)
}
