import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import { openVpnAvailability } from '../network/openvpn-availability.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from './hosts.ts'
import { openSocketProxy } from './socket-proxy.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const CLI = fileURLToPath(new URL('../../doors/cli/main.ts', import.meta.url))
const WHAT_IS_MY_ADDRESS = fileURLToPath(new URL('./what-is-my-address.ts', import.meta.url))
const READY_MS = 60_000
const LOCAL_NETWORK = 'The chain with the broker'

/** Who shares in the demo. Prices in MYST per GiB. */
const PROVIDERS = [
  { host: 'provider', services: ['openvpn', 'socks'], country: 'DE', price: '0.05', bandwidth: '100' },
  { host: 'provider2', services: ['openvpn', 'socks'], country: 'NL', price: '0.08', bandwidth: '50' },
] as const

export type Demo = {
  /** Of the page, with its one-time token; none: the app has a window. */
  readonly address: string | undefined
  readonly services: string[]
  /** A command that shows which address the small internet sees; none: there is none. */
  readonly look: string | undefined
  /** Resolves, with a sentence, when a part ended by itself without which nothing works. */
  readonly ended: Promise<{ sentence: string; isFault: boolean }>
  stop(): Promise<void>
}

/**
 * The main job on one machine: a chain, a broker, providers, and the app with a funded identity. As root
 * each gets a host of its own (hosts.ts) and OpenVPN is on offer; otherwise all of it shares loopback and
 * the offer is SOCKS. Everything lives in a temporary directory and is removed by `stop`. `lost`: a part ended
 * by itself and the rest goes on.
 */
export async function startDemo({
  log,
  progress,
  lost,
  signal,
  port = 0,
}: {
  log: Logger
  progress: (sentence: string) => void
  lost: (sentence: string) => void
  signal: AbortSignal
  port?: number
}): Promise<Demo> {
  const dir = mkdtempSync(join(tmpdir(), 'myst-demo-'))
  const passphrase = randomBytes(16).toString('hex')
  const children = new Set<ChildProcess>()
  const undo: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 })]
  let isStopping = false
  const stop = async () => {
    isStopping = true
    await Promise.all([...children].map(endOf))
    for (const step of undo.splice(0).reverse()) await step()
  }
  let hosts: Hosts | undefined
  const ended = Promise.withResolvers<{ sentence: string; isFault: boolean }>()
  /** What stays until the end, by name. */
  const parts = new Set<string>()

  function start(host: HostName, args: readonly string[], program = process.execPath): ChildProcess {
    signal.throwIfAborted()
    const all = program === process.execPath ? ['--disable-warning=ExperimentalWarning', ...args] : [...args]
    const options = {
      stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, MYST_PASSPHRASE: passphrase },
      // A group of its own: Ctrl-C in the terminal reaches us alone, and we end things in order.
      detached: true,
    }
    const child = hosts ? hosts.exec(host, program, all, options) : spawn(program, all, options)
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }
  const network = join(dir, 'network.json')
  const myst = (host: HostName, ...args: string[]) =>
    start(host, [
      CLI,
      '--home',
      join(dir, host),
      '--json',
      ...(args[1] === 'up' ? [] : ['--network', network]),
      ...args,
    ])

  /** The first line for which `test` holds; the program goes on. */
  const line = (child: ChildProcess, what: string, test: (line: Record<string, unknown>) => boolean) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const fail = (why: string) => reject(new MystError('DemoFailed', `${what} ${why}.`))
      const timer = setTimeout(() => fail('did not come up in time'), READY_MS)
      const aborted = () => reject(signal.reason)
      signal.addEventListener('abort', aborted, { once: true })
      child.once('exit', () => fail('ended early; its message is above'))
      if (!child.stdout) return fail('could not be started')
      createInterface({ input: child.stdout }).on('line', (text) => {
        let parsed: Record<string, unknown>
        try {
          parsed = JSON.parse(text) as Record<string, unknown>
        } catch {
          return
        }
        if (!test(parsed)) return
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        resolve(parsed)
      })
    })
  const done = (child: ChildProcess, what: string) =>
    new Promise<void>((resolve, reject) => {
      child.stdout?.resume()
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new MystError('DemoFailed', `${what} failed; its message is above.`)),
      )
    })
  const stays = (child: ChildProcess, name: string, { isNeeded }: { isNeeded: boolean }) => {
    parts.add(name)
    child.once('exit', (code, killer) => {
      parts.delete(name)
      if (isStopping || signal.aborted) return
      const how = killer ? ` (${killer})` : code ? ` (code ${code})` : ''
      if (isNeeded) {
        ended.resolve({ sentence: `${name} ended${how}, so everything ends.`, isFault: killer !== null || code !== 0 })
      } else lost(`${name} ended${how}. Still there: ${[...parts].map(inside).join(', ')}. Ctrl-C ends everything.`)
    })
  }

  /** An identity with MYST, registered. The backup lives as long as the demo, as the identity does. */
  async function member(host: HostName, depositMyst = '0'): Promise<void> {
    const backup = join(dir, `${host}-backup.json`)
    await done(myst(host, 'localnet', 'member', '--deposit', depositMyst, '--out', backup), 'Registering an identity')
  }

  /** Shares in the foreground until the end; resolves when everything is announced. */
  async function offer(provider: (typeof PROVIDERS)[number]): Promise<string[]> {
    const { host, country, price, bandwidth } = provider
    const offered = provider.services.filter((service) => hosts || service !== 'openvpn')
    const terms = ['--price', price, '--unit', 'GiB', '--country', country, '--bandwidth', bandwidth]
    const name = `The provider in ${country}`
    const child = myst(host, 'provide', '--service', offered.join(','), ...terms)
    const waiting = new Set<string>(offered)
    await line(child, name, ({ event, service, state }) => {
      if (event === 'service' && state === 'announced') waiting.delete(String(service))
      return waiting.size === 0
    })
    stays(child, name, { isNeeded: false })
    return offered.map((service) => `${service} in ${country}`)
  }

  /** The page's address with its one-time token; undefined when the app has a window of its own. */
  async function openApp(): Promise<string | undefined> {
    const why = whyNoWindow()
    if (why === undefined) {
      const switches = [`--home=${join(dir, 'consumer')}`, `--network=${network}`]
      const window = start('consumer', [ROOT, ...switches], electronBinary())
      window.stdout?.resume()
      stays(window, 'The app', { isNeeded: true })
      return undefined
    }
    progress(`${why}, so the app opens in the browser.`)
    const socket = join(dir, 'app.sock')
    // Nobody was told the demo's passphrase.
    const app = myst('consumer', 'app', '--path', socket, '--lock-after', '0')
    const { token } = await line(app, 'The app', ({ event }) => event === 'app')
    stays(app, 'The app', { isNeeded: true })
    const proxy = await openSocketProxy(socket, port)
    undo.push(() => proxy.close())
    return `http://127.0.0.1:${proxy.port}/#token=${String(token)}`
  }

  try {
    const tunnel = openVpnAvailability()
    const obstacle = whyNoHosts() ?? (tunnel.available ? undefined : tunnel.message)
    if (obstacle === undefined) {
      progress('Building hosts for chain, providers, you and a small internet…')
      hosts = await createHosts({ prefix: 'mystdemo', log })
      undo.push(() => hosts?.dispose())
    } else {
      progress(`OpenVPN is left out of the demo, SOCKS is on offer: ${obstacle}`)
    }

    progress('Starting the chain, the contracts and the message broker…')
    const hubAddress = hosts?.host('hub').address ?? '127.0.0.1'
    const written = join(dir, 'localnet.json')
    const hub = myst('hub', 'localnet', 'up', '--host', hubAddress, '--out', written)
    await line(hub, LOCAL_NETWORK, ({ event }) => event === 'up')
    stays(hub, LOCAL_NETWORK, { isNeeded: true })
    const probes: string[] = []
    let transferProbe: string | undefined
    if (hosts) {
      const site = start('internet', [WHAT_IS_MY_ADDRESS])
      await line(site, 'The small internet', ({ listening }) => listening === true)
      stays(site, 'The small internet', { isNeeded: false })
      const internet = `http://${hosts.host('internet').address}`
      probes.push(`${internet}/ip`)
      transferProbe = `${internet}/transfer`
    }
    writeFileSync(
      network,
      JSON.stringify({ ...(JSON.parse(readFileSync(written, 'utf8')) as object), probes, transferProbe }),
    )

    progress('Registering two providers and your identity, and announcing offers…')
    const [address, ...services] = await Promise.all([
      member('consumer', '50').then(openApp),
      ...PROVIDERS.map((provider) => member(provider.host).then(() => offer(provider))),
    ])
    const look = hosts && `ip netns exec ${hosts.host('consumer').namespace} curl -s ${probes[0]}`
    return { address, services: services.flat(), look, ended: ended.promise, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A part's name within a sentence. */
const inside = (name: string) => name.replace(/^The/, 'the')

/** Asked politely first, so that a node closes its sessions and takes its tunnel down. */
function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = setTimeout(() => child.kill('SIGKILL'), 8_000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** Why the app gets no window of its own here, as the beginning of a sentence; undefined: it does. */
function whyNoWindow(): string | undefined {
  if (electronBinary() === undefined) return 'There is no Electron binary here'
  if (!existsSync(join(ROOT, 'out/main/index.js'))) return 'The desktop shell is not built'
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'There is no display'
  if (process.getuid?.() === 0) return 'Electron does not run as root'
  return undefined
}

/** Electron's own program, where it was fetched; asking its package for it would fetch it. */
function electronBinary(): string | undefined {
  const home = join(ROOT, 'node_modules/electron')
  try {
    const program = join(home, 'dist', readFileSync(join(home, 'path.txt'), 'utf8'))
    return existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}
