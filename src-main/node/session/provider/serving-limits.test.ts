import { afterEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { migrate } from '../../storage/migrate.ts'
import { openStore } from '../../storage/open-store.ts'
import { createShareVolumeRepository } from '../../storage/share-volume-repository.ts'
import { createManualClock } from '../../testing/manual-clock.ts'
import { createSessionPair, type SessionPairOptions } from '../../testing/session-pair.ts'
import { createServingLimits } from './serving-limits.ts'

const MIB = 2n ** 20n
const MINUTE_MS = 60_000
const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(options: SessionPairOptions) {
  const pair = await createSessionPair(options)
  cleanups.push(pair.stop)
  return pair
}

/** Two times of the day, in minutes from the moment at which a manual clock starts. */
function hours(from: number, to: number): string {
  const time = (minutes: number) => new Date(createManualClock().now() + minutes * MINUTE_MS).toTimeString().slice(0, 5)
  return `${time(from)}-${time(to)}`
}

describe('a session ends when its provider serves no longer', () => {
  it('with its hours: the figures are final, the consumer hears why, and nobody new is let in', async () => {
    const t = await setUp({ limits: { hours: hours(-60, 2) } })
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(3, { down: MIB })
    let seconds = 0
    for (; t.service.openTunnels() > 0 && seconds < 180; seconds++) await t.flow(1, { down: 1n })
    expect(seconds).toBeGreaterThan(60)
    expect(seconds).toBeLessThan(130)
    expect(t.provider.repository.list(1)).toMatchObject([{ end: 'outside-hours' }])
    expect(t.consumer.repository.list(1)).toMatchObject([{ end: 'outside-hours' }])
    expect(t.consumer.repository.list(1)[0]?.metering).toEqual(t.provider.repository.list(1)[0]?.metering)
    await t.settle(t.connection.disconnect())
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({
      last: { step: 'open-session', reason: 'outside-hours' },
    })
  })

  it('with its month: within two seconds of the limit, whatever was paid ahead', async () => {
    const t = await setUp({ limits: { monthlyBytes: 20n * MIB } })
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(9, { up: MIB, down: MIB })
    expect(t.service.openTunnels()).toBe(1)
    await t.flow(4, { up: MIB, down: MIB })
    expect(t.service.openTunnels()).toBe(0)
    expect(t.service.passed()).toBeLessThanOrEqual(24n * MIB)
    expect(t.provider.repository.list(1)).toMatchObject([{ end: 'volume-used-up' }])
    await t.settle(t.connection.disconnect())
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({ last: { reason: 'volume-used-up' } })
  })
})

describe('the monthly volume', () => {
  function volume() {
    const store = openStore(':memory:')
    migrate(store)
    cleanups.push(() => store.close())
    const clock = createManualClock(new Date(2026, 2, 31, 23, 59, 50, 500).getTime())
    const start = (options: { hours?: string; monthlyBytes?: bigint } = {}, own = id(1)) =>
      createServingLimits({ clock, repository: createShareVolumeRepository(store, own) }, options)
    return { clock, start }
  }

  it('outlives a crash, but for the last seconds', async () => {
    const { clock, start } = volume()
    const crashed = start({ monthlyBytes: 100n })
    crashed.carried(60n)
    await clock.advance(6_000)
    crashed.carried(1n)
    const next = start({ monthlyBytes: 100n })
    expect(next.volume()).toMatchObject({ usedBytes: 60n, limitBytes: 100n })
    expect(next.closed()).toBeUndefined()
    next.carried(40n)
    // At once: a crash now must not open it again.
    expect(start({ monthlyBytes: 100n }).closed()).toMatchObject({ reason: 'volume-used-up' })
  })

  it('is written down when sharing stops, and each identity has its own', () => {
    const { start } = volume()
    const first = start()
    first.carried(5n)
    first.stop()
    expect(start().volume().usedBytes).toBe(5n)
    expect(start({}, id(2)).volume().usedBytes).toBe(0n)
  })

  it('begins anew with the calendar month, also while sharing is on, and says so', async () => {
    const { clock, start } = volume()
    const limits = start({ monthlyBytes: 10n })
    let told = 0
    limits.onChange(() => told++)
    limits.carried(10n)
    expect(limits.closed()).toEqual({ reason: 'volume-used-up', untilMs: new Date(2026, 3, 1).getTime() })
    expect(told).toBe(1)
    await clock.advance(10_000)
    expect(limits.closed()).toBeUndefined()
    expect(limits.volume().usedBytes).toBe(0n)
    expect(told).toBe(2)
  })
})
