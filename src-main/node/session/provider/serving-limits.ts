import type { ShareState } from '#shared/contract/state.ts'
import { isWithinHours, monthOf, nextOpening, parseHours } from '#shared/model/share-hours.ts'

import type { Clock } from '../../ports/clock.ts'
import type { ShareVolumeRepository } from '../../storage/share-volume-repository.ts'

type Closed = NonNullable<ShareState['closed']>
type Volume = NonNullable<ShareState['volume']>

/** When a provider serves nobody although it is on: at some hours of the day, and once a month's volume is used up. */
export type ServingLimits = {
  /** Why nobody is served now, and until when. */
  closed(): Closed | undefined
  volume(): Volume
  /** Counts bytes of a session, either way; at the limit the handlers are called before it returns. */
  carried(bytes: bigint): void
  /** Called when either answer changes, at most about once a second. */
  onChange(handle: () => void): () => void
  /** Writes down what was counted. */
  stop(): void
}

const LOOK_MS = 1_000
/** A crash forgets at most so much of what was carried. */
const SAVE_MS = 5_000

export function createServingLimits(
  { clock, repository }: { clock: Clock; repository: ShareVolumeRepository },
  options: { hours?: string | undefined; monthlyBytes?: bigint | undefined },
): ServingLimits {
  const hours = options.hours === undefined ? undefined : parseHours(options.hours)
  const limitBytes = options.monthlyBytes
  const listeners = new Set<() => void>()
  let month = monthOf(clock.now())
  let usedBytes = repository.load(month.name)
  let savedBytes = usedBytes
  let told = ''

  const save = () => {
    if (usedBytes === savedBytes) return
    repository.save(month.name, usedBytes)
    savedBytes = usedBytes
  }

  const turnPage = () => {
    const now = monthOf(clock.now())
    if (now.name === month.name) return
    save()
    month = now
    usedBytes = savedBytes = repository.load(now.name)
  }

  const closed = (): Closed | undefined => {
    turnPage()
    if (limitBytes !== undefined && usedBytes >= limitBytes) {
      return { reason: 'volume-used-up', untilMs: month.endsAtMs }
    }
    if (hours === undefined || isWithinHours(hours, clock.now())) return undefined
    return { reason: 'outside-hours', untilMs: nextOpening(hours, clock.now()) }
  }

  const look = () => {
    const now = `${closed()?.reason} ${month.name} ${usedBytes}`
    if (now === told) return
    told = now
    for (const handle of [...listeners]) handle()
  }

  const cancels = [clock.every(LOOK_MS, look), clock.every(SAVE_MS, save)]

  return {
    closed,
    volume: () => ({ usedBytes, ...(limitBytes === undefined ? {} : { limitBytes }), resetsAtMs: month.endsAtMs }),
    carried(bytes) {
      turnPage()
      const wasBelow = limitBytes === undefined || usedBytes < limitBytes
      usedBytes += bytes
      if (limitBytes === undefined || !wasBelow || usedBytes < limitBytes) return
      save()
      look()
    },
    onChange(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
    stop() {
      for (const cancel of cancels) cancel()
      save()
    },
  }
}
