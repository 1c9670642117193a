import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { GIB, MYST } from '#shared/model/units.ts'
import { most } from '../lib/amounts.ts'
import { endAttempt } from '../session/consumer/attempt.ts'
import type { Budget } from '../session/consumer/budget.ts'
import { createProgramRepository } from '../storage/program-repository.ts'
import { createSessionPair, type SessionPairOptions } from '../testing/session-pair.ts'
import { createSpending } from './spending.ts'

const MIB = 2n ** 20n
const ID = '00000000000000aa'
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(budget: bigint, options: SessionPairOptions = {}) {
  const t = await createSessionPair({ plain: true, ...options })
  cleanups.push(t.stop)
  const repository = createProgramRepository(t.consumer.store)
  repository.add({ id: ID, name: 'Backup', budget, socksPort: 14_101, createdAtMs: 1 })
  const self = t.pair.identities.a.id
  /** As the provider has it: promised to it in all, and used of that. */
  const given = () => {
    const promised = t.provider.ledger.received().reduce((sum, { amount }) => sum + amount, 0n)
    return { promised, used: promised - (t.provider.ledger.account(self)?.leftover ?? 0n) }
  }
  const spentOnDisk = () => {
    const { spent, reserved } = repository.find(ID) ?? { spent: 0n, reserved: 0n }
    return spent + reserved
  }
  const over = () => t.settle(t.connection.disconnect())
  return { ...t, repository, given, spentOnDisk, over }
}

describe('a connection with a budget', () => {
  it('ends for it with a sentence of its own, has spent it to the last step, and does not reconnect', async () => {
    const budget = (3n * MYST) / 100n
    const t = await setUp(budget)
    const spending = createSpending(t.repository, ID)
    const names: string[] = []
    t.connection.onChange(({ name }) => names.push(name))
    t.connection.connect([t.proposal], { budget: spending })
    await t.until('connected')
    await t.flow(60, { down: MIB })
    expect(t.connection.state).toMatchObject({
      name: 'disconnected',
      last: { end: 'budget-used-up', message: 'The budget is used up; raise it to go on.', paid: budget },
    })
    // The same account as of the person's own connection.
    const bill = { used: t.consumer.repository.list(1)[0]?.metering.cost, ahead: 0n }
    expect(t.connection.state).toMatchObject({ last: { bill } })
    expect(names).not.toContain('reconnecting')
    expect(t.given().promised).toBe(budget)
    expect(t.repository.find(ID)).toMatchObject({ spent: budget, reserved: 0n })
    expect(t.consumer.repository.list(1)).toMatchObject([{ end: 'budget-used-up' }])
    expect(t.provider.repository.list(1)).toMatchObject([{ end: expect.stringMatching(/closed|leftover/) }])
    // The positive control: what was in the way was the budget, and nothing else.
    t.repository.change(ID, { budget: 2n * budget })
    t.connection.connect([t.proposal], { budget: spending })
    await t.until('connected')
    await t.flow(5, { down: MIB })
    t.repository.change(ID, { budget: 1n })
    await t.until('disconnected')
    expect(t.connection.state).toMatchObject({ last: { end: 'budget-used-up' } })
    expect(t.experience).toEqual(['session', 'session'])
  })

  it('goes on while it stands when the budget is raised', async () => {
    const t = await setUp(MYST / 100n)
    t.connection.connect([t.proposal], { budget: createSpending(t.repository, ID) })
    await t.until('connected')
    await t.flow(5, { down: MIB })
    expect(t.connection.state).toMatchObject({ live: { unpaid: { message: expect.stringContaining('budget') } } })
    t.repository.change(ID, { budget: MYST })
    await t.flow(30, { down: MIB })
    expect(t.connection.state).toMatchObject({ name: 'connected' })
    expect(t.given().promised).toBeGreaterThan(MYST / 100n)
  })

  it('does not come about where not even the first step is left, or less than the provider holds', async () => {
    const t = await setUp(MYST / 200n)
    t.connection.connect([t.proposal, t.otherOffer], { budget: createSpending(t.repository, ID) })
    await t.until('disconnected')
    const failure = { step: 'agree-payment', end: 'budget-used-up', paid: 0n }
    expect(t.connection.state).toMatchObject({ last: failure })
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.over()
    t.connection.connect([t.proposal], { budget: createSpending(t.repository, ID) })
    await t.until('disconnected')
    expect(t.connection.state).toMatchObject({ last: { message: expect.stringContaining('holds more'), paid: 0n } })
    // Of the provider, which did nothing wrong, nothing is remembered for it.
    expect(t.experience).toEqual(['session'])
    expect(t.spentOnDisk()).toBe(0n)
  })

  it('gives a provider up while it is being reached, and holds nothing against it', async () => {
    const t = await setUp(MYST)
    const message = 'You have connected to this provider yourself.'
    const over = Promise.withResolvers<void>()
    t.connection.connect([t.proposal], {
      budget: createSpending(t.repository, ID),
      onAttempt(attempt) {
        attempt.onOver = over.resolve
        queueMicrotask(() => endAttempt(attempt, { end: 'consumer-closed', message }))
      },
    })
    await t.settle(over.promise)
    await t.until('disconnected')
    expect(t.connection.state).toMatchObject({ last: { step: 'reach-provider', message, paid: 0n } })
    expect(t.experience).toEqual([])
  })

  it('uses what the provider holds from before, and counts that too', async () => {
    const t = await setUp((2n * MYST) / 100n)
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.over()
    const before = t.given()
    t.connection.connect([t.proposal], { budget: createSpending(t.repository, ID) })
    await t.until('connected')
    expect(t.spentOnDisk()).toBe(MYST / 100n)
    await t.flow(3, { down: MIB })
    await t.over()
    const after = t.given()
    const used = after.used - before.used
    const promised = after.promised - before.promised
    expect(used).toBeGreaterThan(0n)
    expect(t.spentOnDisk()).toBe(most(used, promised))
  })
})

/** Of the provider's smallest step, per second: mostly what can be paid for in time, and now and then far beyond. */
const percent = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 90n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 91n, max: 3_000n }) },
)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ seconds: fc.integer({ min: 1, max: 25 }), percent }) },
  { weight: 1, arbitrary: fc.constant('over' as const) },
  { weight: 1, arbitrary: fc.constant('killed' as const) },
  { weight: 1, arbitrary: fc.record({ budget: fc.bigInt({ min: 1n, max: 30n }) }) },
)

it('is never exceeded: whatever prices, paces, steps and leftovers are, and whenever the program is killed', async () => {
  let exhausted = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        unit: fc.constantFrom('GiB' as const, 'hour' as const),
        price: fc.bigInt({ min: 1n, max: 50n }),
        minimum: fc.constantFrom(1n, 10n, 37n, 100n),
        maximumPromise: fc.constantFrom(MYST / 5n, 50n * MYST),
        updateAllowed: fc.boolean(),
        /** In hundredths of a MYST. */
        budget: fc.bigInt({ min: 1n, max: 30n }),
        before: percent,
        steps: fc.array(step, { minLength: 2, maxLength: 8 }),
      }),
      async ({ unit, price, minimum, maximumPromise, updateAllowed, budget, before, steps }) => {
        const perUnit = unit === 'GiB' ? price * (MYST / 10n) : price * MYST
        const t = await setUp((budget * MYST) / 100n, {
          ...{ unit, price: perUnit },
          policy: { minimumIncrease: (minimum * MYST) / 1000n, maximumPromise, updateAllowed },
        })
        const bytes = (percent: bigint) => ({ down: (minimum * MYST * percent * GIB) / 100_000n / perUnit })
        if (before > 0n) {
          t.connection.connect([t.proposal])
          await t.flow(3, bytes(before))
          await t.over()
        }
        let highest = (budget * MYST) / 100n
        const limit = () => {
          const now = t.repository.find(ID)?.budget ?? 0n
          highest = most(now, highest)
          return highest
        }
        // Of the sessions before, each the greater of the two; of the one that runs, as far as the provider has it.
        let settled = 0n
        let began = t.given()
        const cameTo = () => {
          const now = t.given()
          const [promised, used] = [now.promised - began.promised, now.used - began.used]
          return settled + most(promised, used)
        }
        const settle = () => {
          settled = cameTo()
          began = t.given()
        }
        const look = () => {
          expect(t.spentOnDisk()).toBeLessThanOrEqual(limit())
          expect(cameTo()).toBeLessThanOrEqual(t.spentOnDisk())
        }
        /** What it writes down after it was killed is not there. */
        let isKilled = false
        let spending = createSpending(t.repository, ID)
        const connect = () => {
          const own = spending
          const budget: Budget = {
            begin(held) {
              settle()
              const purse = own.begin(held)
              return purse && { ...purse, end: () => (isKilled ? undefined : purse.end()) }
            },
          }
          t.connection.connect([t.proposal], { budget })
        }
        for (const one of steps) {
          if (t.connection.state.name === 'disconnected') connect()
          if (one === 'over') await t.over()
          else if (one === 'killed') {
            isKilled = true
            await t.over()
            isKilled = false
            t.repository.settleOrphans()
            spending = createSpending(t.repository, ID)
          } else if ('budget' in one) {
            limit()
            t.repository.change(ID, { budget: (one.budget * MYST) / 100n })
          } else {
            for (let second = 0; second < one.seconds; second++) {
              await t.flow(1, bytes(one.percent))
              look()
            }
          }
          if (t.connection.state.name === 'disconnected' && t.connection.state.last?.end === 'budget-used-up')
            exhausted++
          look()
        }
        await t.over()
        look()
        for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
      },
    ),
    { numRuns: 60 },
  )
  expect(exhausted).toBeGreaterThan(0)
})
