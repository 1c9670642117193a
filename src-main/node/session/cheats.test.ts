import { afterEach, describe, expect, it } from 'vitest'
import { formatMyst, GIB, MYST } from '#shared/model/units.ts'

import { createSessionPair } from '../testing/session-pair.ts'

const MIB = 2n ** 20n
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type World = Awaited<ReturnType<typeof createSessionPair>>

/** How each of them deceives, and what the consumer says of it in the end. */
const CHEATS: { name: string; begin(t: World): void; fromStart?: boolean; end: string }[] = [
  ...[5n, 50n, 500n].map((percent) => ({
    name: `meters ${percent} % more than passed`,
    begin: (t: World) => t.service.inflate(100n + percent),
    end: 'metering-disputed',
  })),
  {
    name: 'takes payment and carries nothing',
    begin: (t) => {
      t.service.exitAddress = undefined
    },
    fromStart: true,
    end: 'not-verified',
  },
  {
    name: 'carries nothing any more after the first minute',
    begin: (t) => {
      const { pass } = t.service
      t.service.exitAddress = undefined
      t.service.pass = ({ up = 0n }) => pass({ up })
    },
    end: 'tunnel-failed',
  },
  {
    name: 'drops every second packet and charges for all',
    begin: (t) => {
      t.service.dropsHalf = true
    },
    end: 'metering-disputed',
  },
]

describe('a provider that', () => {
  it.each(CHEATS)('$name takes no more than was shown before connecting', async ({ begin, fromStart, end, name }) => {
    // Small against the tolerance of 1 MiB, so that paying goes on while a small deception builds up.
    const t = await createSessionPair({ plain: true, maxAtRisk: MYST / 10n })
    cleanups.push(t.stop)
    /** Promised, and not earned by what came through. */
    let most = 0n
    const taken = () => {
      const promised = t.consumer.ledger.given(t.proposal.provider).reduce((sum, { amount }) => sum + amount, 0n)
      const now = promised - (t.service.passed() * t.proposal.pricePerUnit) / GIB
      if (now > most) most = now
      return now
    }
    if (fromStart) begin(t)
    const startedAtMs = t.clock.now()
    t.connection.connect([t.proposal])
    if (!fromStart) {
      await t.until('connected')
      await t.flow(60, { up: MIB / 8n, down: MIB / 2n })
      expect(t.connection.state.name).toBe('connected')
      begin(t)
    }
    for (let second = 0; second < 300 && t.connection.state.name !== 'disconnected'; second++) {
      await t.flow(1, fromStart ? {} : { up: MIB, down: 4n * MIB })
      taken()
    }
    expect(await t.until('disconnected')).toMatchObject({
      last: { end },
    })
    const lost = taken()
    expect(most).toBeLessThanOrEqual(t.maxAtRisk)
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
    const afterS = (t.clock.now() - startedAtMs) / 1000
    process.stdout.write(
      `  ${name}: took ${formatMyst(lost)} MYST for nothing, at most ${formatMyst(most)} at a time, of ${formatMyst(t.maxAtRisk)} shown; over after ${afterS} s\n`,
    )
  })

  /** Downloads from one that meters so many percent, for so long or until it is over; what it held unearned at most. */
  async function download(percent: bigint, perSecond: bigint, seconds: number, maxAtRisk = MYST) {
    const t = await createSessionPair({ plain: true, maxAtRisk })
    cleanups.push(t.stop)
    t.service.inflate(percent)
    t.connection.connect([t.proposal])
    await t.until('connected')
    let most = 0n
    t.consumer.payments.onChange(() => {
      const promised = t.consumer.ledger.given(t.proposal.provider).reduce((sum, { amount }) => sum + amount, 0n)
      const unearned = promised - (t.service.passed() * t.proposal.pricePerUnit) / GIB
      if (unearned > most) most = unearned
    })
    for (let second = 0; second < seconds && t.connection.state.name === 'connected'; second++) {
      await t.flow(1, { down: perSecond })
    }
    return { t, most }
  }

  it('meters 5 % more is found out behind a fast download too', async () => {
    const { t } = await download(105n, 20n * MIB, 300)
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'metering-disputed' } })
    // What came after a metering does not hide what was too much in it: else it takes more than a gibibyte.
    expect(t.service.passed()).toBeLessThan(512n * MIB)
  })

  it('meters just within the tolerance gets no more ahead for it', async () => {
    const { t, most } = await download(102n, 5n * MIB, 200, MYST / 20n)
    expect(t.connection.state.name).toBe('connected')
    expect(most).toBeGreaterThan((t.maxAtRisk * 9n) / 10n)
    expect(most).toBeLessThanOrEqual(t.maxAtRisk)
  })
})
