import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GIB, HOUR_MS, MYST } from '#shared/model/units.ts'

import { costOf, judgeMetering, NO_METERING } from './cost.ts'

const perGib = { unit: 'GiB', pricePerUnit: MYST } as const
const perHour = { unit: 'hour', pricePerUnit: MYST } as const
const MIB = 2n ** 20n
const used = (bytesUp: bigint, bytesDown: bigint, durationMs = 0) => ({ bytesUp, bytesDown, durationMs })

describe('cost', () => {
  it('is by bytes both ways or by time, rounded down', () => {
    expect(costOf(perGib, used(GIB, GIB / 2n))).toBe((3n * MYST) / 2n)
    expect(costOf(perHour, used(GIB, GIB, Number(HOUR_MS) / 4))).toBe(MYST / 4n)
    expect(costOf({ unit: 'GiB', pricePerUnit: 1n }, used(GIB - 1n, 0n))).toBe(0n)
  })

  it('never shrinks while usage grows', () => {
    const usage = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 50n }), fc.bigInt({ min: 0n, max: 2n ** 50n }), fc.nat())
    fc.assert(
      fc.property(
        usage,
        usage,
        fc.constantFrom(perGib, perHour),
        ([up, down, ms], [moreUp, moreDown, moreMs], price) => {
          const later = used(up + moreUp, down + moreDown, ms + moreMs)
          expect(costOf(price, later) >= costOf(price, used(up, down, ms))).toBe(true)
        },
      ),
    )
  })
})

describe('metering', () => {
  const metered = (usage: ReturnType<typeof used>) => ({ ...usage, cost: costOf(perGib, usage) })
  const judge = (theirs: ReturnType<typeof used>, own: ReturnType<typeof used>) =>
    judgeMetering(perGib, metered(theirs), own, NO_METERING)

  it('is believed up to 2 % and 1 MiB beyond one’s own counters, in each direction', () => {
    const own = used(100n * MIB, 1_000n * MIB, 60_000)
    expect(judge(used(103n * MIB, 1_021n * MIB, 60_000), own)).toBeUndefined()
    expect(judge(used(103n * MIB + 1n, 1_000n * MIB, 60_000), own)).toBe('metering-disputed')
    expect(judge(used(100n * MIB, 1_021n * MIB + 1n, 60_000), own)).toBe('metering-disputed')
    expect(judge(used(0n, 0n, 60_000), own)).toBeUndefined()
  })

  it('is believed up to 2 % and 10 s of time', () => {
    const own = used(0n, 0n, 100_000)
    expect(judge(used(0n, 0n, 112_000), own)).toBeUndefined()
    expect(judge(used(0n, 0n, 112_001), own)).toBe('metering-disputed')
  })

  it('may not cost more than the signed price, and may never shrink', () => {
    const own = used(GIB, GIB, 1_000)
    const honest = metered(own)
    expect(judgeMetering(perGib, { ...honest, cost: honest.cost + 1n }, own, NO_METERING)).toBe('overpriced')
    expect(judgeMetering(perGib, { ...honest, cost: honest.cost - 1n }, own, honest)).toBe('metering-disputed')
    expect(judgeMetering(perGib, { ...honest, bytesUp: own.bytesUp - 1n, cost: 0n }, own, honest)).toBe(
      'metering-disputed',
    )
  })
})
