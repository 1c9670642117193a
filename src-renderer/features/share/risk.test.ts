import { describe, expect, it } from 'vitest'
import type { RiskView } from '#shared/contract/answers.ts'
import { MYST } from '#shared/model/units.ts'
import { scheduleOf } from './risk.ts'

const POLICY = { atOnce: false, threshold: MYST, maxAgeMs: 86_400_000 }
const view = (change: Partial<RiskView>): RiskView => ({
  ...{ issuer: '0x01', balance: MYST, registeredValue: MYST, outstandingHere: MYST / 2n, outstandingElsewhere: 0n },
  ...{ promises: 1, uncovered: 0n, isBalanceKnown: true, verdict: 'covered', exposure: 0n, credit: MYST },
  ...{ clearedHere: 0n, clearedInAll: 0n, oldestPromiseAtMs: 0, withdrawalAnnounced: false, clearingGas: 1n },
  ...{ clearing: 'waiting' },
  ...change,
})

describe('when what waits is cleared', () => {
  it('is the earliest of all times, or an amount', () => {
    const views = [
      view({ dueAtMs: 70, promises: 2 }),
      view({ dueAtMs: 50 }),
      view({ outstandingHere: 0n, promises: 0 }),
    ]
    expect(scheduleOf(views, POLICY)).toEqual({
      ...{ promises: 3, issuers: 2, isDue: false, byMs: 50, from: MYST, tooLittle: 0 },
    })
  })

  it('is now where the node says so, and nothing is promised of what is too little', () => {
    expect(scheduleOf([view({ clearing: 'age', dueAtMs: 5 })], POLICY).isDue).toBe(true)
    expect(scheduleOf([view({})], POLICY)).toEqual({
      ...{ promises: 1, issuers: 1, isDue: false, from: MYST, tooLittle: 1 },
    })
    expect(scheduleOf([view({ clearing: 'costs-more' })], POLICY)).toMatchObject({ isDue: false, tooLittle: 1 })
  })

  it('is nothing but a risk or a request where the policy has neither', () => {
    const schedule = scheduleOf([view({})], { atOnce: false, threshold: 0n, maxAgeMs: 0 })
    expect(schedule).toEqual({ promises: 1, issuers: 1, isDue: false, tooLittle: 0 })
  })
})
