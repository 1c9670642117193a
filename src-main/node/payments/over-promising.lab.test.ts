import { describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'

import { type Losses, type OverPromising, simulateOverPromising } from '../testing/over-promising.ts'

/** What ten seconds cost, before a session without anything left is over. */
const GRACE = (MYST * 75n) / 6_000n

describe('one deposit promised to many providers', () => {
  const of = (issuer: OverPromising['issuer'], isSharing: boolean) =>
    simulateOverPromising({ providers: 30, bystanders: 100, deposit: 3n * MYST, issuer, isSharing })
  const total = (amounts: readonly bigint[]) => amounts.reduce((sum, one) => sum + one, 0n)
  const check = ({ used, promised, ceiling, paid }: Losses) => {
    expect(paid).toBe(3n * MYST)
    expect(promised.at(-1)).toBeLessThanOrEqual(ceiling)
    expect(used.at(-1)).toBeLessThanOrEqual(ceiling + GRACE)
    // Nothing was served beyond what was promised and one tick.
    for (const [index, one] of used.entries()) expect(one).toBeLessThanOrEqual((promised[index] ?? 0n) + GRACE)
  }

  it('costs each no more than its credit limit, and all of them a fraction when they tell each other', async () => {
    const alone = await of('patient', false)
    const sharing = await of('patient', true)
    check(alone)
    check(sharing)
    expect(total(alone.used)).toBeGreaterThan(10n * MYST)
    expect(total(sharing.used) * 4n).toBeLessThan(total(alone.used))
  }, 300_000)

  it('costs little either way when it is promised as fast as they let it, because they clear at once', async () => {
    const alone = await of('greedy', false)
    const sharing = await of('greedy', true)
    check(alone)
    check(sharing)
    for (const { used } of [alone, sharing]) expect(total(used)).toBeLessThan(3n * MYST)
  }, 300_000)
})
