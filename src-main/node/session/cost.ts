import type { Proposal } from '#shared/model/proposal.ts'
import type { Metering } from '#shared/model/session.ts'
import { type Amount, GIB, HOUR_MS } from '#shared/model/units.ts'

type Price = Pick<Proposal, 'unit' | 'pricePerUnit'>
type Usage = Omit<Metering, 'cost'>

/** What usage costs at the signed price, cumulative and rounded down: bytes both ways per GiB, or time per hour. */
export function costOf({ unit, pricePerUnit }: Price, usage: Usage): Amount {
  switch (unit) {
    case 'GiB':
      return (pricePerUnit * (usage.bytesUp + usage.bytesDown)) / GIB
    case 'hour':
      return (pricePerUnit * BigInt(usage.durationMs)) / HOUR_MS
  }
}

/** 2 %, and what may be on the way or in a buffer: 1 MiB, or 10 s of time. Stated in docs and shown nowhere smaller. */
export const TOLERANCE = { percent: 2n, bytes: 2n ** 20n, ms: 10_000n } as const

/**
 * Why metering is not believed; undefined: it is. Each direction is compared with one's own counters,
 * the cost with the price that the provider signed, and all of it may only grow.
 */
export function judgeMetering(
  price: Price,
  metered: Metering,
  own: Usage,
  before: Metering,
): 'metering-disputed' | 'overpriced' | undefined {
  if (metered.cost > costOf(price, metered)) return 'overpriced'
  const within = (theirs: bigint, ours: bigint, slack: bigint) =>
    theirs * 100n <= (ours + slack) * 100n + ours * TOLERANCE.percent
  const hasShrunk =
    metered.cost < before.cost ||
    metered.bytesUp < before.bytesUp ||
    metered.bytesDown < before.bytesDown ||
    metered.durationMs < before.durationMs
  const isWithin =
    within(metered.bytesUp, own.bytesUp, TOLERANCE.bytes) &&
    within(metered.bytesDown, own.bytesDown, TOLERANCE.bytes) &&
    within(BigInt(metered.durationMs), BigInt(own.durationMs), TOLERANCE.ms)
  return hasShrunk || !isWithin ? 'metering-disputed' : undefined
}

export const NO_METERING: Metering = { cost: 0n, bytesUp: 0n, bytesDown: 0n, durationMs: 0 }
