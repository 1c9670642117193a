import { existsSync, writeFileSync } from 'node:fs'

import { Failure } from './failure.ts'
import type { Change, Journal } from './journal.ts'
import { TUNNEL_MTU } from './openvpn-config.ts'
import type { ProgramName, Programs } from './programs.ts'
import type { RouteChange } from './routes.ts'
import { run } from './run.ts'

/** What tunnel and server both do to this machine. Built once per helper. */
export type Host = {
  dir: string
  programs: Programs
  journal: Journal
  log: (line: string) => void
}

/** A host that knows which changes were made through it, and takes back just these. */
export function withOwnChanges(host: Host): Host & { undoOwn(): Promise<void> } {
  const own = new Set<Change>()
  return {
    ...host,
    journal: {
      ...host.journal,
      record(change) {
        own.add(change)
        host.journal.record(change)
      },
    },
    async undoOwn() {
      await host.journal.undo((change) => own.has(change))
      own.clear()
    },
  }
}

export function programOf(host: Host, name: ProgramName): string {
  return host.programs(name)
}

/** The first device name of a kind that is not taken: "mystc0", "mystc1", … */
export function freeDevice(prefix: 'mystc' | 'mysts'): string {
  for (let number = 0; number < 100; number++) {
    if (!existsSync(`/sys/class/net/${prefix}${number}`)) return `${prefix}${number}`
  }
  throw new Failure('NoTunDevice', 'Too many tunnels are open on this machine.')
}

export function hasIPv6(): boolean {
  return existsSync('/proc/net/if_inet6')
}

/** Gives the device its addresses (with prefix length) and brings it up. */
export async function raiseDevice(
  host: Host,
  device: string,
  addresses: readonly string[],
  queue = '500',
): Promise<void> {
  const disabled = `/proc/sys/net/ipv6/conf/${device}/disable_ipv6`
  const six = addresses.some((address) => address.includes(':'))
  if (six && existsSync(disabled)) writeFileSync(disabled, '0')
  const add = (address: string) => `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}\n`
  // No link-local address: its chatter would be counted as the person's traffic.
  const link = `link set dev ${device} addrgenmode none\nlink set dev ${device} mtu ${TUNNEL_MTU} txqueuelen ${queue} up\n`
  await run(programOf(host, 'ip'), ['-batch', '-'], link + addresses.map(add).join(''))
}

/** Adds a route or rule; one that is there already stays, and stays somebody else's. */
export async function addRoute(host: Host, change: RouteChange, mayExist = false): Promise<void> {
  host.journal.record(change)
  try {
    await run(programOf(host, 'ip'), [`-${change.family}`, change.kind, 'add', ...change.args])
  } catch (error) {
    const exists = error instanceof Error && String(error.cause).includes('File exists')
    if (exists && mayExist) return
    if (exists)
      throw new Failure('AnotherVpn', 'Another VPN already takes all traffic of this machine; close it first.')
    throw error
  }
}

/** `ip -j …`; an error of `ip` ("unreachable") is an empty answer. */
export async function askIp(host: Host, ...args: string[]): Promise<unknown> {
  const text = await run(programOf(host, 'ip'), ['-j', ...args]).catch(() => '')
  try {
    return JSON.parse(text || '[]')
  } catch {
    return []
  }
}
