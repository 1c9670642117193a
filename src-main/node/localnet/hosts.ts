import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'

/**
 * Several hosts on one machine: a network namespace each, behind a router in a namespace of its own,
 * with the documentation addresses of RFC 5737 and RFC 3849. Nothing leaves the machine and nothing of
 * the machine's own network is touched: the links are made inside the namespaces.
 *
 *     hub 192.0.2.10 ─┐                           ┌─ consumer 198.51.100.10
 *                     ├────────── router ─────────┤
 *  provider 203.0.113.10 ─┘   provider2 203.0.113.130   └─ internet 198.51.100.200
 */
const PLAN = {
  hub: { address: '192.0.2.10', gateway: '192.0.2.1', bits: 24, net6: '2001:db8:1' },
  provider: { address: '203.0.113.10', gateway: '203.0.113.1', bits: 25, net6: '2001:db8:2' },
  provider2: { address: '203.0.113.130', gateway: '203.0.113.129', bits: 25, net6: '2001:db8:3' },
  consumer: { address: '198.51.100.10', gateway: '198.51.100.1', bits: 25, net6: '2001:db8:4' },
  internet: { address: '198.51.100.200', gateway: '198.51.100.129', bits: 25, net6: '2001:db8:5' },
} as const

export type HostName = keyof typeof PLAN
export const hostNames = Object.keys(PLAN) as HostName[]

export type Host = {
  name: HostName
  namespace: string
  /** The host's only link to the world; the router's end carries the host's name. */
  device: 'eth0'
  address: string
  gateway: string
  address6: string
  gateway6: string
}

export type Hosts = {
  readonly router: string
  host(name: HostName): Host
  /** Starts a program on a host. No shell; it is ended by `dispose` at the latest. */
  exec(host: HostName | 'router', file: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs a program on a host to its end; resolves with what it printed, rejects when it fails. */
  run(
    host: HostName | 'router',
    file: string,
    args: readonly string[],
    options?: { input?: string; timeoutMs?: number },
  ): Promise<string>
  /** Ends every process on the hosts, then removes the hosts. May be called again. */
  dispose(): Promise<void>
}

const READY_MS = 5_000
const TERM_MS = 3_000
const KILL_MS = 3_000

/** Why hosts cannot be made here, as a sentence, or undefined when they can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return 'Network namespaces exist on Linux only.'
  if (process.getuid?.() !== 0) return 'Network namespaces need root.'
  if (!mayMakeNamespaces()) return 'Network namespaces need root with all its rights; a container may lack them.'
  if (findIp() === undefined) return 'The program ip is missing (Debian package iproute2).'
  return undefined
}

/** Rejects with `HostsUnavailable`. `prefix`: short, lower case; runs with the same prefix do not collide. */
export async function createHosts(deps: { prefix: string; log: Logger }): Promise<Hosts> {
  const { prefix, log } = deps
  const ip = findIp()
  const obstacle = whyNoHosts()
  if (obstacle !== undefined || ip === undefined) throw new MystError('HostsUnavailable', obstacle ?? '')
  if (!/^[a-z][a-z0-9]{0,11}$/.test(prefix)) throw new MystError('HostsUnavailable', 'Not a prefix for hosts.')
  await removeLeftoverHosts(deps)

  // The owner's process id and its start time are in the name: together they tell for ever whether it lives.
  const run = `${prefix}-${process.pid}-${startTime(process.pid) ?? '0'}-${randomBytes(3).toString('hex')}`
  const router = `${run}-router`
  const hosts = new Map<HostName, Host>(
    hostNames.map((name) => {
      const { address, gateway, net6 } = PLAN[name]
      const namespace = `${run}-${name}`
      const six = { address6: `${net6}::10`, gateway6: `${net6}::1` }
      return [name, { name, namespace, device: 'eth0', address, gateway, ...six }]
    }),
  )
  const namespaces = [router, ...[...hosts.values()].map((host) => host.namespace)]
  const namespaceOf = (name: HostName | 'router') => `${run}-${name}`
  const children = new Set<ChildProcess>()
  let disposing: Promise<void> | undefined

  const api: Hosts = {
    router,
    host(name) {
      const host = hosts.get(name)
      if (!host) throw new MystError('HostsUnavailable', `There is no host ${name}.`)
      return host
    },
    exec(name, file, args, options = {}) {
      if (disposing) throw new MystError('HostsUnavailable', 'The hosts are being removed.')
      const child = spawn(ip, ['netns', 'exec', namespaceOf(name), file, ...args], { ...options, shell: false })
      children.add(child)
      child.once('exit', () => children.delete(child))
      child.once('error', () => children.delete(child))
      return child
    },
    run: (name, file, args, options) => call(ip, ['netns', 'exec', namespaceOf(name), file, ...args], options),
    dispose() {
      disposing ??= removeNamespaces(ip, namespaces, log, children)
      return disposing
    },
  }

  try {
    for (const namespace of namespaces) {
      await call(ip, ['netns', 'add', namespace])
      // Addresses are used the moment they are set: no duplicate address detection, no advertisements.
      await setKernel(ip, namespace, '0', ['ipv6/conf/default/accept_dad', 'ipv6/conf/default/accept_ra'])
      await setKernel(ip, namespace, '0', ['ipv6/conf/default/disable_ipv6'])
    }
    await setKernel(ip, router, '1', ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'])
    await call(ip, ['-n', router, '-batch', '-'], { input: [...hosts.values()].map(routerLink).join('') })
    for (const host of hosts.values()) await call(ip, ['-n', host.namespace, '-batch', '-'], { input: hostLink(host) })
    await Promise.all([...hosts.values()].map((host) => untilUsable(ip, host)))
  } catch (cause) {
    await api.dispose().catch((error: unknown) => log.warn(String(error)))
    throw new MystError('HostsUnavailable', 'The hosts could not be made; is the kernel allowed to?', { cause })
  }
  log.debug(`hosts ${run} are up`)
  return api
}

/** Removes what runs of the same prefix left whose owner is dead (a crash, a kill). */
export async function removeLeftoverHosts({ prefix, log }: { prefix: string; log: Logger }): Promise<void> {
  const ip = findIp()
  if (ip === undefined) return
  const own = new RegExp(`^${prefix}-(\\d+)-(\\d+)-[0-9a-f]{6}-[a-z0-9]+$`)
  const left = (await listNamespaces(ip)).filter((name) => {
    const [, pid, started] = own.exec(name) ?? []
    return pid !== undefined && startTime(Number(pid)) !== started
  })
  if (left.length > 0) log.info(`removing ${left.length} network namespaces that an earlier run left`)
  await removeNamespaces(ip, left, log)
}

function routerLink({ name, namespace, gateway, gateway6 }: Host): string {
  return `link add ${name} type veth peer name eth0 netns ${namespace}
addr add ${gateway}/${PLAN[name].bits} dev ${name}
addr add ${gateway6}/64 dev ${name} nodad
link set ${name} up
link set lo up
`
}

function hostLink({ name, address, address6, gateway, gateway6 }: Host): string {
  return `link set lo up
addr add ${address}/${PLAN[name].bits} dev eth0
addr add ${address6}/64 dev eth0 nodad
link set eth0 up
route add default via ${gateway}
route add default via ${gateway6}
`
}

async function untilUsable(ip: string, host: Host): Promise<void> {
  const until = Date.now() + READY_MS
  for (;;) {
    const shown = await call(ip, ['-n', host.namespace, 'addr', 'show', 'dev', host.device])
    if (shown.includes('state UP') && !shown.includes('tentative')) return
    if (Date.now() > until) throw new Error(`${host.name} did not come up: ${shown}`)
    await delay(10)
  }
}

/** `children`: started here and perhaps not inside of their namespace yet. */
async function removeNamespaces(
  ip: string,
  namespaces: readonly string[],
  log: Logger,
  children: ReadonlySet<ChildProcess> = new Set(),
): Promise<void> {
  const present = new Set(await listNamespaces(ip))
  const mine = namespaces.filter((name) => present.has(name))
  for (const [signal, waitMs] of [['SIGTERM', TERM_MS] as const, ['SIGKILL', KILL_MS] as const]) {
    const until = Date.now() + waitMs
    const told = new Set<number>()
    for (;;) {
      const inside = (await Promise.all(mine.map((name) => processesIn(ip, name)))).flat()
      const alive = new Set([...inside, ...[...children].flatMap((child) => child.pid ?? [])])
      if (alive.size === 0) break
      // A process that appeared in between is told as well.
      for (const pid of alive) if (!told.has(pid)) endProcess(pid, signal)
      for (const pid of alive) told.add(pid)
      if (Date.now() > until) break
      await delay(20)
    }
  }
  for (const name of mine) {
    await call(ip, ['netns', 'del', name]).catch((error: unknown) => log.warn(`${name} stays: ${String(error)}`))
  }
}

async function processesIn(ip: string, namespace: string): Promise<number[]> {
  // A namespace that somebody else removed in between has no processes of ours.
  const text = await call(ip, ['netns', 'pids', namespace]).catch(() => '')
  return text.split('\n').filter(Boolean).map(Number)
}

async function listNamespaces(ip: string): Promise<string[]> {
  const text = await call(ip, ['netns', 'list'])
  return text.split('\n').flatMap((line) => line.split(' ')[0] || [])
}

function endProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself in between.
  }
}

/** Kernel settings of a namespace, through `tee` because procps may be missing. */
async function setKernel(ip: string, namespace: string, value: '0' | '1', names: readonly string[]): Promise<void> {
  const files = names.map((name) => `/proc/sys/net/${name}`).filter((file) => existsSync(file))
  await call(ip, ['netns', 'exec', namespace, 'tee', ...files], { input: value })
}

/** CAP_NET_ADMIN (12) and CAP_SYS_ADMIN (21), which root in a container may not have (capabilities(7)). */
function mayMakeNamespaces(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  const needed = (1n << 12n) | (1n << 21n)
  return effective !== undefined && (BigInt(`0x${effective}`) & needed) === needed
}

/** Start of a process in clock ticks since boot, as text; undefined when no such process lives. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, the name in parentheses, may contain anything. The third is the state, where a
    // zombie is dead whether or not somebody collected it, and the 22nd the start time (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function findIp(): string | undefined {
  return ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((file) => existsSync(file))
}

function call(
  file: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: options.timeoutMs ?? 30_000, maxBuffer: 16 * 1024 * 1024 }
    const child = execFile(file, [...args], limits, (error, stdout, stderr) => {
      if (error) reject(new Error(`${file} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }))
      else resolve(stdout)
    })
    child.stdin?.on('error', () => undefined) // it may end without reading
    child.stdin?.end(options.input ?? '')
  })
}
