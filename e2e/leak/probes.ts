import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type HostName, type Hosts, whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { KINDS } from './watch.ts'

const PYTHON = '/usr/bin/python3'

/** Whether all is here that the harness needs: hosts, OpenVPN, and Python for raw sockets. */
export const isAvailable = whyNoHosts() === undefined && openVpnAvailability().available && existsSync(PYTHON)

/** Programs that send all the time; `end` resolves with how often, by their own count. */
export type Probes = { end(): Promise<number> }

/** Root's and another user's on a host, with their flows open; there must be a way out when they start. */
export async function startProbes(
  hosts: Hosts,
  where: { host: HostName; provider: HostName; port: number; control: { address: string; port: number }; calm: number },
): Promise<Probes> {
  const { device, address, gateway } = hosts.host(where.host)
  const internet = hosts.host('internet')
  const common = {
    ...{ device, own: address, gateway, internet: internet.address, internet6: internet.address6 },
    ...{ provider: hosts.host(where.provider).address, providerPort: where.port },
    ...{ control: where.control.address, controlPort: where.control.port, calm: where.calm },
  }
  const running = await Promise.all(
    Object.values(KINDS).map((who) => start(hosts, where.host, 'prober.py', { ...common, ...who })),
  )
  return { end: async () => (await Promise.all(running.map((one) => one.end()))).reduce((sum, one) => sum + one, 0) }
}

/** Asks addresses from the router, which is somebody in the host's own network. */
export function startScan(hosts: Hosts, addresses: readonly string[]): Promise<Probes> {
  return start(hosts, 'router', 'scanner.py', addresses)
}

async function start(hosts: Hosts, host: HostName | 'router', program: string, task: object): Promise<Probes> {
  const file = fileURLToPath(new URL(program, import.meta.url))
  const child = hosts.exec(host, PYTHON, [file, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${program} on ${host} ended.`)
    return value as string
  }
  await next()
  return { end: () => endOf(child, next) }
}

async function endOf(child: ChildProcess, next: () => Promise<string>): Promise<number> {
  child.stdin?.end()
  const tried = JSON.parse(await next()) as Record<string, number>
  return Object.values(tried).reduce((sum, one) => sum + one, 0)
}
