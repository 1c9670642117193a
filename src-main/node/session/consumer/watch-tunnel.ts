import type { ServiceConsumer } from '../../ports/service-type.ts'
import type { Context } from './context.ts'
import { seenAddress } from './probe.ts'

export type TunnelWatch = {
  /** Whether something came back lately; to be called at each tick with the total so far. */
  isFlowing(bytesDown: bigint): boolean
  stop(): void
}

/** So often a probe in a row may get lost before the tunnel counts as dead. */
const FAILED_PROBES = 2

/**
 * Notices a tunnel from which nothing comes back any more: payments stop growing after `stallMs`. When
 * something went up since (or time costs too) and the network has probes, the tunnel is asked; twice
 * without an answer, and it has failed. That is within a minute. Without probes only payment stops.
 */
export function watchTunnel(
  context: Context,
  service: ServiceConsumer,
  options: { alsoIdle: boolean; failed: () => void },
): TunnelWatch {
  const { deps, timing } = context
  const { clock } = deps
  const abort = new AbortController()
  let lastMs = clock.now()
  let last = service.traffic()
  let isAsking = false
  let unanswered = 0

  async function ask(): Promise<void> {
    isAsking = true
    try {
      const fetchThrough = (url: string, signal: AbortSignal) => service.fetchThrough(url, signal)
      // All probes share the time of one: the verdict has to come in time.
      const address = await seenAddress(context, fetchThrough, abort.signal, timing.probeMs / deps.probes.length)
      unanswered = address === undefined ? unanswered + 1 : 0
      if (address !== undefined) lastMs = clock.now()
      if (unanswered >= FAILED_PROBES) options.failed()
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
      const isStalled = clock.now() - lastMs >= timing.stallMs
      const isMissed = options.alsoIdle || traffic.bytesUp > last.bytesUp
      if (isStalled && isMissed && !isAsking && deps.probes.length > 0) void ask()
      return !isStalled
    },
    stop: () => abort.abort(new Error('stopped')),
  }
}
