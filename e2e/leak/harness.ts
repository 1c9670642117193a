import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { HostName, Hosts } from '../../src-main/node/localnet/hosts.ts'
import { type Probes, startProbes, startScan } from './probes.ts'
import { COUNTERS, createWatch } from './watch.ts'

const HOST: HostName = 'consumer'
const CONTROL_MS = 30_000
const TUNNELS = { 4: '10.0.0.0/8', 6: 'fc00::/7' } as const

/** A firewall as most machines have one: so what is open before is known to the kernel as established. */
const HOST_FIREWALL = `table inet host {
  chain arriving { type filter hook input priority filter; policy accept; ct state { established, related } accept; }
}
`
/** Takes what comes, and keeps the connection. */
const SINK = `require('node:net').createServer((socket) => socket.on('error', () => undefined).resume())
  .listen(9, '::', () => console.log('listening'))`

export type Harness = {
  /** Resolves once the counters have seen every kind of probe, and answers to the scan: the network is open. */
  control(): Promise<void>
  /** From here on nothing may come past the tunnel. The network is blocked. */
  arm(): Promise<void>
  /** Rejects, and says what it was, when something did. `when` is for that sentence. */
  check(when: string): Promise<void>
  /** Tunnel addresses that somebody near the host asks for from now on, instead of others. */
  scan(addresses: readonly string[]): Promise<void>
  /** With a tunnel: resolves when the guard has dropped what was asked of its very addresses. */
  scanIsDropped(): Promise<void>
  /** Packets of OpenVPN, and of the node to its control endpoints, since it was armed. */
  inside(): Promise<{ tunnel: number; control: number }>
  /** Ends the programs; how often they tried. */
  end(): Promise<{ probes: number; scans: number }>
}

/**
 * The consumer of a lab with programs of two users that send all the time, a counter of what passes beside the tunnel,
 * and a neighbour that looks for the tunnel's address.
 */
export async function createHarness(
  hosts: Hosts,
  options: {
    providers: readonly HostName[]
    /** Of the first provider's OpenVPN. */
    port: number
    control: { host: HostName; ports: readonly number[] }
    /** What could go through the tunnel is sent only once in so many turns: a provider limits new connections. */
    calm?: number
  },
): Promise<Harness> {
  const address = (name: HostName) => hosts.host(name).address
  const control = { address: address(options.control.host), ports: options.control.ports }
  const watch = createWatch(hosts, {
    host: HOST,
    providers: options.providers.map(address),
    control,
    tunnels: Object.values(TUNNELS),
  })
  await hosts.run(HOST, 'nft', ['-f', '-'], { input: HOST_FIREWALL })
  const sink = hosts.exec('internet', process.execPath, ['-e', SINK], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (sink.stdout) await once(sink.stdout, 'data')
  const own = hosts.host(HOST)
  for (const [family, via] of [
    ['4', own.address],
    ['6', own.address6],
  ] as const) {
    await hosts.run('router', 'ip', [`-${family}`, 'route', 'add', TUNNELS[family], 'via', via])
  }
  // The guard answers nobody who asks from a public address where this one is (neighbour discovery): so it is known.
  const mac = (await hosts.run(HOST, 'cat', [`/sys/class/net/${own.device}/address`])).trim()
  const neighbour = [own.address6, 'lladdr', mac, 'dev', HOST, 'nud', 'permanent']
  await hosts.run('router', 'ip', ['-6', 'neigh', 'replace', ...neighbour])
  const probes = await startProbes(hosts, {
    ...{ host: HOST, provider: options.providers[0] ?? 'provider', port: options.port, calm: options.calm ?? 0 },
    control: { address: control.address, port: control.ports[0] ?? 0 },
  })
  let scanning: Probes | undefined
  let scans = 0
  const scan = async (addresses: readonly string[]) => {
    scans += (await scanning?.end()) ?? 0
    scanning = await startScan(hosts, addresses)
  }
  const outside = async (when: string) => {
    const { packets, which } = await watch.outside()
    if (packets > 0) throw new Error(`${packets} packets beside the tunnel, ${when}: ${which}`)
  }

  return {
    scan,
    async control() {
      const inside = ['10.200.200.2', 'fd77::2']
      await hosts.run(HOST, 'ip', ['-batch', '-'], { input: inside.map((one) => `addr add ${one} dev lo\n`).join('') })
      await scan([own.address, own.address6, ...inside])
      await watch.reset()
      const due = [...COUNTERS, 'answers', 'tunnel_answers']
      for (const end = Date.now() + CONTROL_MS; ; await wait(50)) {
        const seen = await watch.seen()
        const missing = due.filter((name) => !seen[name])
        if (missing.length === 0) break
        if (Date.now() > end) throw new Error(`The router has not seen ${missing.join(', ')}, and the network is open.`)
      }
      await hosts.run(HOST, 'ip', ['-batch', '-'], { input: inside.map((one) => `addr del ${one} dev lo\n`).join('') })
    },
    arm: () => watch.reset(),
    check: outside,
    async scanIsDropped() {
      for (const end = Date.now() + CONTROL_MS; ; await wait(50)) {
        const rules = await hosts.run(HOST, 'nft', ['list', 'chain', 'inet', 'myst_guard', 'inward'])
        const drops = [...rules.matchAll(/iifname != "mystc\d+" (ip6?) daddr \S+ counter packets (\d+) /g)]
        if (drops.length === 2 && drops.every(([, , packets]) => Number(packets) > 0)) return
        if (Date.now() > end)
          throw new Error(`Nobody asked for the tunnel's addresses, or something else answers:\n${rules}`)
      }
    },
    async inside() {
      const { tunnel = 0, control = 0 } = await watch.seen()
      return { tunnel, control }
    },
    async end() {
      scans += (await scanning?.end()) ?? 0
      return { probes: await probes.end(), scans }
    },
  }
}
