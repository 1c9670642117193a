import { networkInterfaces } from 'node:os'
import type { ServiceConsumer } from '../../ports/service-type.ts'
import type { Context } from './context.ts'
import { seenAddress } from './probe.ts'

export type TunnelWatch = {
  /** Whether something came back lately and nothing is in doubt; to be called at each tick with the total so far. */
  isFlowing(bytesDown: bigint): boolean
  stop(): void
}

/** So many probes in a row get lost before the tunnel counts as dead. */
const FAILED_PROBES = 2

/**
 * Notices a tunnel from which nothing comes back any more: payments stop growing after `quietMs`. After
 * `stallMs`, when something went up since (or time costs too) and the network has probes, the tunnel is
 * asked; twice without an answer, and it has failed. That is within 15 s of the last byte. It is asked idle or not at
 * once after this machine slept or got other addresses, for the world around it may be another one; and when the
 * provider has sent no metering for `unheardMs`, for it may be gone. Without probes only payment stops.
 */
export function watchTunnel(
  context: Context,
  service: ServiceConsumer,
  options: { alsoIdle: boolean; heardAtMs: () => number; failed: () => void },
): TunnelWatch {
  const { deps, timing } = context
  const { clock } = deps
  const abort = new AbortController()
  const fetchThrough = (url: string, signal: AbortSignal) => service.fetchThrough(url, signal)
  let lastMs = clock.now()
  let last = service.traffic()
  let isAsking = false
  let isDue = false
  const hasMoved = watchPlace(context)

  /** Rejects when stopped meanwhile. All probes share the time of one: the verdict has to come in time. */
  const answers = async () =>
    (await seenAddress(context, fetchThrough, abort.signal, timing.probeMs / deps.probes.length)) !== undefined

  async function ask(): Promise<void> {
    isAsking = true
    try {
      for (let asked = 0; asked < FAILED_PROBES; asked++) {
        const before = service.traffic().bytesDown
        // What comes back on its own meanwhile is as good an answer.
        if ((await answers()) || service.traffic().bytesDown > before) {
          lastMs = clock.now()
          return
        }
      }
      options.failed()
    } catch {
      // Stopped while asking.
    } finally {
      isAsking = false
    }
  }

  return {
    isFlowing(bytesDown) {
      const traffic = service.traffic()
      if (bytesDown > last.bytesDown) {
        lastMs = clock.now()
        last = traffic
      }
      const quietMs = clock.now() - lastMs
      const isMissed = options.alsoIdle || traffic.bytesUp > last.bytesUp
      const isUnheard = quietMs >= timing.unheardMs && clock.now() - options.heardAtMs() >= timing.unheardMs
      isDue = hasMoved() || isDue || isUnheard || (quietMs >= timing.stallMs && isMissed)
      if (isDue && !isAsking && deps.probes.length > 0) {
        isDue = false
        void ask()
      }
      return quietMs < timing.quietMs && !isAsking
    },
    stop: () => abort.abort(new Error('stopped')),
  }
}

/**
 * Tells at each tick whether this machine slept since the last one (timers stand still then and the clock on the
 * wall goes on) or has other addresses.
 */
function watchPlace({ deps, timing }: Context): () => boolean {
  const { clock, localAddresses = ownAddresses } = deps
  let tickedMs = clock.now()
  let addresses = localAddresses()
  return () => {
    const before = { tickedMs, addresses }
    tickedMs = clock.now()
    addresses = localAddresses()
    return Math.abs(tickedMs - before.tickedMs) > timing.tickMs + timing.jumpMs || addresses !== before.addresses
  }
}

/** Every address of this machine with its interface, as text. */
export function ownAddresses(): string {
  const all = Object.entries(networkInterfaces()).flatMap(([name, entries = []]) =>
    entries.map(({ cidr, address }) => `${name} ${cidr ?? address}`),
  )
  return all.sort().join('\n')
}
