import { freeSubnet4, freeSubnet6, ownNetworks } from './addresses.ts'
import { type Admission, createAdmission } from './admission.ts'
import { type AdmittedClient, type Clients, createClients } from './clients.ts'
import { Failure } from './failure.ts'
import {
  admitClient,
  forgetConnections,
  ownNetworkRules,
  readCounters,
  removeClient,
  type ServerLimits,
  serverRules,
} from './firewall.ts'
import { askIp, freeDevice, type Host, hasIPv6, programOf, raiseDevice, withOwnChanges } from './host.ts'
import { startTime } from './journal.ts'
import type { ManagementEvent } from './management.ts'
import { hostOf4, hostOf6, type ServerAddresses, SOCKET_BUFFER, serverConfig } from './openvpn-config.ts'
import { type OpenVpn, startOpenVpn } from './openvpn-process.ts'
import { requireTunDevice, unprivilegedGroup } from './programs.ts'
import type { ServerRequest } from './requests.ts'
import { run } from './run.ts'
import { readClasses, type ShaperRates, shaperAdd, shaperRemove, shaperStart } from './shaper.ts'
import { allowForwarding, allowSocketBuffers } from './sysctl.ts'

/**
 * The provider's OpenVPN with its firewall. A client is let in by name (`admit`) and by nothing else; it
 * has an address from us, a counter and a class in the tunnel's queue before it comes. `kill` takes its name
 * and its address away first, which ends its traffic at once, and then tells OpenVPN.
 */
export type ServerEvent =
  | { event: 'server'; state: 'up' | 'down'; message?: string }
  | { event: 'server-client'; state: 'here' | 'gone'; commonName: string }
  | { event: 'server-traffic'; commonName: string; bytesUp: string; bytesDown: string }

export type Server = {
  start(request: ServerRequest): Promise<void>
  admit(commonName: string): Promise<void>
  traffic(commonName: string): Promise<{ bytesUp: string; bytesDown: string }>
  kill(commonName: string): Promise<void>
  stop(): Promise<void>
  readonly state: 'none' | 'starting' | 'up'
}

type Running = {
  openvpn: OpenVpn
  device: string
  table: string
  addresses: ServerAddresses
  clients: Clients
  admission: Admission
  /** Those of the admitted that OpenVPN said are connected. */
  here: Set<string>
  shaped: boolean
  rates: ShaperRates
  timers: NodeJS.Timeout[]
}

const START_MS = 15_000
/** Packets that wait for OpenVPN: what is dropped there was counted already, so the queue is deep. */
const QUEUE = '4096'
const TRAFFIC_MS = 1_000
const NETWORKS_MS = 10_000

export function createServer(host: Host, emit: (event: ServerEvent) => void): Server {
  let state: Server['state'] = 'none'
  let running: Running | undefined
  let openvpn: OpenVpn | undefined
  let stopping: Promise<void> | undefined
  let starting: Promise<unknown> = Promise.resolve()
  const ownHost = withOwnChanges(host)
  const nft = (input: string) => run(programOf(host, 'nft'), ['-f', '-'], input)
  const tc = (input: string) => run(programOf(host, 'tc'), ['-batch', '-'], input)

  const require = () => {
    if (!running) throw new Failure('ServerNotRunning', 'The OpenVPN service is not running.')
    return running
  }

  const takeDown = () => {
    stopping ??= (async () => {
      for (const timer of running?.timers ?? []) clearInterval(timer)
      running = undefined
      await openvpn?.stop()
      openvpn = undefined
      await ownHost.undoOwn()
      state = 'none'
    })().finally(() => {
      stopping = undefined
    })
    return stopping
  }

  /** Also ends the connections of those who are admitted no longer: the list is the only place that numbers them. */
  const onClients = (now: Running, listed: Extract<ManagementEvent, { event: 'clients' }>['clients']) => {
    const here = new Set<string>()
    for (const { clientId, commonName } of listed) {
      if (now.clients.of(commonName)) here.add(commonName)
      else now.openvpn.command(`client-kill ${clientId}`)
    }
    for (const commonName of here) {
      if (!now.here.has(commonName)) emit({ event: 'server-client', state: 'here', commonName })
    }
    for (const commonName of now.here) {
      if (!here.has(commonName)) emit({ event: 'server-client', state: 'gone', commonName })
    }
    now.here = here
  }

  const readTraffic = async (now: Running) => {
    const [sets, classes] = await Promise.all([
      run(programOf(host, 'nft'), ['-j', 'list', 'table', 'inet', now.table]).then(readCounters),
      now.shaped ? run(programOf(host, 'tc'), ['-s', 'class', 'show', 'dev', now.device]).then(readClasses) : undefined,
    ])
    return ({ number, address4, address6 }: AdmittedClient) => {
      const sum = (set: string) =>
        (sets.get(`${set}4`)?.get(address4) ?? 0n) + (sets.get(`${set}6`)?.get(address6 ?? '') ?? 0n)
      const bytesDown = classes ? (classes.get(number) ?? 0n) : sum('down')
      return { bytesUp: String(sum('up')), bytesDown: String(bytesDown) }
    }
  }

  const reportTraffic = (now: Running) => {
    const last = new Map<string, string>()
    let reading = false
    return async () => {
      if (reading || now.clients.all().length === 0) return
      now.openvpn.command('status 3')
      reading = true
      try {
        const figures = await readTraffic(now)
        for (const client of now.clients.all()) {
          const traffic = figures(client)
          const text = JSON.stringify(traffic)
          if (last.get(client.commonName) === text) continue
          last.set(client.commonName, text)
          emit({ event: 'server-traffic', commonName: client.commonName, ...traffic })
        }
      } catch (error) {
        host.log(`traffic not read: ${String(error)}`)
      } finally {
        reading = false
      }
    }
  }

  const establish = async (request: ServerRequest) => {
    requireTunDevice()
    const device = freeDevice('mysts')
    const table = `myst_${process.pid}_${startTime(process.pid) ?? '0'}`
    const { bandwidthKbps, totalBandwidthKbps, publicAddress } = request
    const rates: ShaperRates = {
      perClient: bandwidthKbps === undefined ? undefined : bandwidthKbps * 125,
      total: totalBandwidthKbps === undefined ? undefined : totalBandwidthKbps * 125,
      maxClients: request.maxSessions,
    }
    const addresses = await chooseAddresses(host)
    const admission = createAdmission(host.dir, addresses)
    let onConnected: () => void = () => undefined
    const connected = new Promise<void>((resolve) => {
      onConnected = resolve
    })
    // The firewall stands before anything can arrive.
    ownHost.journal.record({ kind: 'table', name: table })
    const limits: ServerLimits = {
      bytesPerSecond: rates.perClient,
      totalBytesPerSecond: rates.total,
      maxConnections: request.maxConnections,
      newConnectionsPerSecond: request.newConnectionsPerSecond,
      allowMail: request.allowMail,
    }
    await nft(
      serverRules({ table, device, ...addresses, publicAddress, ...limits }) +
        ownNetworkRules(table, ownNetworks(device)),
    )
    allowSocketBuffers(ownHost.journal, SOCKET_BUFFER)
    openvpn = await startOpenVpn(
      {
        programs: host.programs,
        dir: host.dir,
        name: 'server',
        cwd: admission.directory,
        log: host.log,
        onStarted: (pid) => ownHost.journal.record({ kind: 'process', pid, startTime: startTime(pid) ?? '' }),
      },
      (management) =>
        serverConfig(request, { device, management, group: unprivilegedGroup(), dualStack: hasIPv6(), ...addresses }),
      (event) => {
        if (event.event === 'hold') openvpn?.command('hold release')
        else if (event.event === 'state' && event.state === 'CONNECTED') onConnected()
        else if (event.event === 'clients' && running) onClients(running, event.clients)
      },
    )
    const failed = openvpn.ended.then((failure) => {
      throw failure ?? new Failure('Cancelled', 'The OpenVPN service was stopped while it was starting.')
    })
    failed.catch(() => undefined)
    await Promise.race([connected, failed, timeout()])
    const own6 = addresses.subnet6 === undefined ? [] : [`${hostOf6(addresses.subnet6, 1)}/64`]
    await raiseDevice(host, device, [`${hostOf4(addresses.subnet4, 1)}/24`, ...own6], QUEUE)
    // A kernel without HTB serves where nothing is limited: the firewall's own counters are at most 4 % low there.
    const shaped = await tc(shaperStart(device, rates)).then(
      () => true,
      (error: unknown) => {
        host.log(`no queue classes: ${String(error)}`)
        if (rates.perClient !== undefined || rates.total !== undefined) {
          throw new Failure('NoShaper', 'This kernel cannot limit bandwidth; load its module sch_htb and start again.')
        }
        return false
      },
    )
    allowForwarding(ownHost.journal, addresses.subnet6 !== undefined)
    const clients = createClients(addresses)
    return {
      openvpn,
      device,
      table,
      addresses,
      clients,
      admission,
      here: new Set<string>(),
      shaped,
      rates,
      timers: [],
    }
  }

  return {
    get state() {
      return state
    },
    async start(request) {
      if (state !== 'none') throw new Failure('ServerBusy', 'The OpenVPN service is already running.')
      state = 'starting'
      try {
        const establishing = establish(request)
        starting = establishing.catch(() => undefined)
        const now: Running = await establishing
        running = now
        state = 'up'
        const refresh = () =>
          nft(ownNetworkRules(now.table, ownNetworks(now.device))).catch((error: unknown) => host.log(String(error)))
        now.timers.push(setInterval(reportTraffic(now), TRAFFIC_MS), setInterval(refresh, NETWORKS_MS))
        void now.openvpn.ended.then(async (failure) => {
          if (failure === undefined || running !== now) return
          await takeDown()
          emit({ event: 'server', state: 'down', message: failure.message })
        })
        emit({ event: 'server', state: 'up' })
      } catch (error) {
        await takeDown()
        throw error
      }
    },
    async admit(commonName) {
      const now = require()
      if (now.clients.of(commonName)) return
      const client = now.clients.add(commonName)
      try {
        if (now.shaped) await tc(shaperAdd(now.device, client.number, now.rates))
        await nft(admitClient(now.table, client))
        now.admission.admit(client)
      } catch (error) {
        now.clients.remove(commonName)
        throw error
      }
    },
    async traffic(commonName) {
      const now = require()
      const client = now.clients.of(commonName)
      if (!client) return { bytesUp: '0', bytesDown: '0' }
      return (await readTraffic(now))(client)
    },
    async kill(commonName) {
      const now = require()
      const client = now.clients.of(commonName)
      if (!client) return
      now.admission.revoke(commonName)
      const last = (await readTraffic(now))(client)
      now.clients.remove(commonName)
      now.here.delete(commonName)
      await nft(removeClient(now.table, client))
      now.openvpn.command('status 3')
      await nft(forgetConnections(now.table, client)).catch((error: unknown) => host.log(String(error)))
      if (now.shaped) await tc(shaperRemove(now.device, client.number))
      emit({ event: 'server-traffic', commonName, ...last })
    },
    async stop() {
      if (state === 'none') return
      // A start in progress ends first, so that nothing is made after it was taken back.
      if (state === 'starting') await openvpn?.stop()
      await starting
      const wasUp = state === 'up'
      await takeDown()
      if (wasUp) emit({ event: 'server', state: 'down' })
    },
  }
}

async function chooseAddresses(host: Host): Promise<ServerAddresses> {
  const routes = await askIp(host, '-4', 'route', 'show', 'table', 'all')
  const taken = (Array.isArray(routes) ? routes : []).map((route: { dst?: unknown }) => String(route.dst ?? ''))
  const subnet4 = freeSubnet4(taken)
  if (subnet4 === undefined)
    throw new Failure('NoFreeSubnet', 'No private network is left for the tunnel on this machine.')
  // Without a way out of our own there is nothing to offer.
  const out = hasIPv6() ? await askIp(host, '-6', 'route', 'show', 'default') : []
  return { subnet4, subnet6: Array.isArray(out) && out.length > 0 ? freeSubnet6() : undefined }
}

function timeout(): Promise<never> {
  return new Promise((_, reject) => {
    const failure = new Failure('OpenVpnFailed', 'OpenVPN did not come up in time.')
    setTimeout(() => reject(failure), START_MS).unref()
  })
}
