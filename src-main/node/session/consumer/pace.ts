import type { Proposal } from '#shared/model/proposal.ts'
import type { Metering } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Clock } from '../../ports/clock.ts'
import { costOf } from '../cost.ts'

/** Long enough that a pause between two pages does not stop payment, short enough to follow a download. */
const WINDOW_MS = 10_000

type Sample = { atMs: number; usage: Omit<Metering, 'cost'> }

/** How fast things go, from one's own counters. */
export function createPace({ clock, proposal }: { clock: Clock; proposal: Proposal }) {
  let samples: Sample[] = []

  return {
    /** Rates in bits per second since the sample before; the cost of a minute at the pace of the last 10 s. */
    sample(usage: Omit<Metering, 'cost'>): { rateBps: { up: number; down: number }; costPerMinute: Amount } {
      const now = { atMs: clock.now(), usage }
      const before = samples.at(-1) ?? now
      samples = [...samples.filter(({ atMs }) => atMs >= now.atMs - WINDOW_MS), now]
      const oldest = samples[0] ?? now
      const rate = (bytes: bigint) => {
        const ms = now.atMs - before.atMs
        return ms > 0 ? (Number(bytes) * 8000) / ms : 0
      }
      // At least a second, so that the first moments of a burst are not taken for its pace.
      const windowMs = BigInt(Math.max(1_000, now.atMs - oldest.atMs))
      return {
        rateBps: {
          up: rate(usage.bytesUp - before.usage.bytesUp),
          down: rate(usage.bytesDown - before.usage.bytesDown),
        },
        costPerMinute: ((costOf(proposal, usage) - costOf(proposal, oldest.usage)) * 60_000n) / windowMs,
      }
    },
  }
}
