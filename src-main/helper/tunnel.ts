import { isAcceptableTunnelAddress, isPossibleRemote } from './addresses.ts'
import { Failure } from './failure.ts'
import { addRoute, askIp, freeDevice, type Host, hasIPv6, programOf, raiseDevice, withOwnChanges } from './host.ts'
import { startTime } from './journal.ts'
import type { ManagementEvent } from './management.ts'
import type { Network } from './network-state.ts'
import { clientConfig, SOCKET_BUFFER } from './openvpn-config.ts'
import { type OpenVpn, startOpenVpn } from './openvpn-process.ts'
import { requireTunDevice, unprivilegedGroup } from './programs.ts'
import type { TunnelRequest } from './requests.ts'
import { directRoute, type RouteChange, tunnelRoutes } from './routes.ts'
import { run } from './run.ts'
import { allowSocketBuffers } from './sysctl.ts'
import { watchUnasked } from './tunnel-traffic.ts'

/**
 * The consumer's tunnel. One at a time:
 *
 *   none ─start→ starting ─connected→ up ─┐
 *    ▲              │ failed / stop        │ stop / lost
 *    └──── undone ◀─┴──────────────────────┘
 *
 * It does not reconnect: while OpenVPN tried again, its device and with it the routes could go, and
 * traffic would pass beside the tunnel unannounced. A lost tunnel is taken down and said so. Where the
 * network is guarded (`network-state.ts`), it is blocked again before anybody is told.
 */
export type TunnelEvent =
  | { event: 'tunnel'; state: 'starting' | 'up' | 'down'; device?: string; message?: string }
  | { event: 'tunnel-unasked'; bytes: string }

export type Tunnel = {
  start(request: TunnelRequest): Promise<{ device: string }>
  /** Largest packet, in bytes, from now on; the path to the provider may swallow larger ones. */
  setMtu(mtu: number): Promise<void>
  stop(): Promise<void>
  readonly state: 'none' | 'starting' | 'up'
}

const START_MS = 40_000

type Connected = { address4: string; address6?: string }

export function createTunnel(host: Host, network: Network, emit: (event: TunnelEvent) => void): Tunnel {
  let state: Tunnel['state'] = 'none'
  let device = ''
  let openvpn: OpenVpn | undefined
  let cancel: ((why: Failure) => void) | undefined
  let finished: Promise<void> = Promise.resolve()
  let stopCounting: () => void = () => undefined
  const ownHost = withOwnChanges(host)

  const takeDown = async () => {
    stopCounting()
    await network.down()
    await openvpn?.stop()
    openvpn = undefined
    await ownHost.undoOwn()
    state = 'none'
  }

  const establish = async (request: TunnelRequest, cancelled: Promise<never>) => {
    requireTunDevice()
    const remotes = request.remotes.filter(({ address }) => isPossibleRemote(address))
    if (remotes.length === 0) throw new Failure('BadRequest', 'The provider named no address that can be a provider.')
    await network.connecting(remotes)
    // Asked before the tunnel is there: these are the routes as they were.
    const kept = [...remotes.map(({ address }) => address), ...request.controlAddresses]
    const direct: RouteChange[] = []
    for (const address of new Set(kept)) {
      const route = directRoute(address, await askIp(host, 'route', 'get', address))
      if (route) direct.push(route)
    }

    allowSocketBuffers(ownHost.journal, SOCKET_BUFFER)
    let onConnected: (connected: Connected) => void = () => undefined
    const connected = new Promise<Connected>((resolve) => {
      onConnected = resolve
    })
    // Each remote is tried twice, at the pace that OpenVPN would keep by itself.
    let tries = 0
    const onHold = (waitSeconds: number) => {
      if (tries++ < 2 * remotes.length) setTimeout(() => openvpn?.command('hold release'), waitSeconds * 1_000)
      else cancel?.(unanswered())
    }
    // Connected once, also while addresses and routes are being set, it must not begin anew.
    let wasConnected = false
    const onChange = () => {
      if (state === 'up') void lose('The connection to the provider was lost.')
      else cancel?.(unanswered())
    }
    const onEvent = (event: ManagementEvent) => {
      if (event.event === 'hold') return wasConnected ? onChange() : onHold(event.waitSeconds)
      if (event.event !== 'state') return
      if (wasConnected) return onChange()
      if (event.state !== 'CONNECTED') return
      if (event.address4 === undefined) {
        return cancel?.(
          new Failure('TunnelRefused', 'The provider gave no address in its tunnel; try another provider.'),
        )
      }
      wasConnected = true
      onConnected({ address4: event.address4, ...(event.address6 !== undefined && { address6: event.address6 }) })
    }
    openvpn = await startOpenVpn(
      {
        programs: host.programs,
        dir: host.dir,
        name: 'tunnel',
        log: host.log,
        onStarted: (pid) => ownHost.journal.record({ kind: 'process', pid, startTime: startTime(pid) ?? '' }),
      },
      (management) => clientConfig({ ...request, remotes }, { device, management, group: unprivilegedGroup() }),
      onEvent,
    )
    const failed = openvpn.ended.then((failure) => {
      throw failure ?? stopped()
    })
    failed.catch(() => undefined)
    const { address4, address6 } = await Promise.race([connected, cancelled, failed])
    for (const address of [address4, address6]) {
      if (address === undefined || isAcceptableTunnelAddress(address, device)) continue
      throw new Failure('TunnelRefused', 'The provider chose a tunnel address that collides with your own network.')
    }
    const six = hasIPv6() ? address6 : undefined
    stopCounting = await watchUnasked(ownHost, device, (bytes) =>
      emit({ event: 'tunnel-unasked', bytes: String(bytes) }),
    )
    await raiseDevice(host, device, [`${address4}/32`, ...(six === undefined ? [] : [`${six}/128`])])
    for (const route of direct) await addRoute(ownHost, route, true)
    for (const route of tunnelRoutes(device, address4, six)) {
      if (route.family === 4 || hasIPv6()) await addRoute(ownHost, route)
    }
    await network.up({ device, address4, address6: six, dns: request.dns })
    return { device }
  }

  const lose = async (message: string) => {
    if (state !== 'up') return
    state = 'starting' // nobody else takes it down meanwhile
    finished = takeDown()
    await finished
    emit({ event: 'tunnel', state: 'down', device, message })
  }

  return {
    get state() {
      return state
    },
    async start(request) {
      if (state !== 'none') throw new Failure('TunnelBusy', 'A tunnel is already open; close it first.')
      state = 'starting'
      device = freeDevice('mystc')
      emit({ event: 'tunnel', state: 'starting', device })
      let done: () => void = () => undefined
      finished = new Promise((resolve) => {
        done = resolve
      })
      let timer: NodeJS.Timeout | undefined
      try {
        const cancelled = new Promise<never>((_, reject) => {
          cancel = reject
          timer = setTimeout(() => reject(unanswered()), START_MS)
        })
        cancelled.catch(() => undefined)
        // What happens between two steps is noticed after the step at the latest.
        const result = await establish(request, cancelled)
        await Promise.race([cancelled, Promise.resolve()])
        state = 'up'
        void openvpn?.ended.then((failure) => failure && lose('The tunnel program ended unexpectedly.'))
        emit({ event: 'tunnel', state: 'up', device })
        return result
      } catch (error) {
        await takeDown()
        const message = error instanceof Failure ? error.message : 'The tunnel could not be made.'
        emit({ event: 'tunnel', state: 'down', device, message })
        throw error
      } finally {
        clearTimeout(timer)
        cancel = undefined
        done()
      }
    },
    async setMtu(mtu) {
      if (state !== 'up') throw new Failure('TunnelDown', 'The tunnel is not up.')
      await run(programOf(host, 'ip'), ['link', 'set', 'dev', device, 'mtu', String(mtu)])
    },
    async stop() {
      cancel?.(stopped())
      if (state === 'up') {
        state = 'starting'
        finished = takeDown()
        await finished
        emit({ event: 'tunnel', state: 'down', device })
      }
      await finished
    },
  }
}

function unanswered(): Failure {
  return new Failure('TunnelFailed', "The provider's OpenVPN does not answer; try another provider.")
}

function stopped(): Failure {
  return new Failure('Cancelled', 'The tunnel was stopped while it was starting.')
}
