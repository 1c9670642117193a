import fc from 'fast-check'
import { describe, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'

import { createPaymentModel } from '../testing/payment-model.ts'
import { createPaymentRun, MAX_AT_RISK, type Step } from '../testing/payment-run.ts'
import { createPaymentWorld } from '../testing/payment-world.ts'

const DEEP = process.env.DEEP === '1'

const target = fc.bigInt({ min: 10n, max: 800n })
const more = fc.oneof(fc.bigInt({ min: 1n, max: 30n }), fc.bigInt({ min: 1n, max: 600n }))
const turns = fc.integer({ min: 0, max: 14 })
const sides = fc.record({ a: fc.boolean(), b: fc.boolean() })
const amount = fc.bigInt({ min: 1n, max: 1_500n })
const chance = fc.constantFrom(0, 0.1, 0.3)
const is = <Name extends Step['do']>(name: Name) => fc.constant(name)
const steps: fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: fc.record({ do: is('pay'), target }) },
  { weight: 5, arbitrary: fc.record({ do: is('use'), percent: fc.bigInt({ min: 0n, max: 130n }) }) },
  { weight: 1, arbitrary: fc.record({ do: is('use unheard'), percent: fc.bigInt({ min: 0n, max: 30n }), sides }) },
  { weight: 2, arbitrary: fc.record({ do: is('clear'), acceptLess: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: is('clear crossing'), target, turns, updateFirst: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: is('clear and crash'), when: fc.constantFrom('before', 'after') }) },
  { weight: 2, arbitrary: fc.record({ do: is('deposit'), amount }) },
  { weight: 1, arbitrary: fc.record({ do: is('announce withdrawal'), amount }) },
  { weight: 1, arbitrary: fc.record({ do: is('execute withdrawal') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: is('policy'),
      change: fc.record({
        updateAllowed: fc.boolean(),
        minimumIncrease: fc.bigInt({ min: 0n, max: 60n }),
        maximumPromise: fc.constantFrom(50n * MYST, 400n, 100n, 30n),
      }),
      tell: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: is('outgrow'), more, target }) },
  { weight: 1, arbitrary: fc.record({ do: is('restart'), sides, endSession: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: is('cut while paying'), more, turns, sides }) },
  { weight: 1, arbitrary: fc.record({ do: is('chain away'), target, turns }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: is('lie'),
      leftover: fc.bigInt({ min: 0n, max: 900n }),
      withUpdate: fc.boolean(),
      target,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('lose ledger') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: is('weather'),
      weather: fc.record({ loss: chance, duplication: chance, reorder: chance }),
    }),
  },
] as fc.WeightedArbitrary<Step>[]

const start = fc.record({
  freeTrial: fc.constantFrom(0n, 70n),
  deposit: fc.constantFrom(600n, 5_000n, 1_000n * MYST),
  seed: fc.integer(),
  steps: fc.array(fc.oneof(...steps), { minLength: 3, maxLength: DEEP ? 60 : 40, size: 'max' }),
})

type Life = { freeTrial: bigint; deposit: bigint; seed: number; steps: Step[] }

/** Lives in which this test and the two once disagreed. */
const LIVES: [Life][] = [
  [
    // An update crosses the clearing of its serial: what is owed can be charged to what was cleared only.
    {
      ...{ freeTrial: 0n, deposit: 600n, seed: 0 },
      steps: [
        { do: 'pay', target: 280n },
        { do: 'use', percent: 112n },
        { do: 'clear crossing', target: 31n, turns: 0, updateFirst: false },
        { do: 'restart', sides: { a: false, b: false }, endSession: false },
        { do: 'cut while paying', more: 1n, turns: 0, sides: { a: false, b: false } },
      ],
    },
  ],
  [
    // The issuer knows of a clearing, and not of the one before it, which went with its ledger.
    {
      ...{ freeTrial: 0n, deposit: 600n, seed: 0 },
      steps: [
        { do: 'chain away', target: 10n, turns: 3 },
        { do: 'clear and crash', when: 'before' },
        { do: 'cut while paying', more: 121n, turns: 1, sides: { a: false, b: false } },
        { do: 'lose ledger' },
        { do: 'outgrow', more: 1n, target: 154n },
        { do: 'clear crossing', target: 296n, turns: 0, updateFirst: false },
        { do: 'pay', target: 10n },
        { do: 'cut while paying', more: 1n, turns: 0, sides: { a: false, b: false } },
        { do: 'cut while paying', more: 1n, turns: 0, sides: { a: false, b: false } },
      ],
    },
  ],
]

/** Runs whole lives of the two until so many steps were taken. */
async function live(minimumSteps: number, plain: boolean): Promise<number> {
  let taken = 0
  while (taken < minimumSteps) {
    await fc.assert(
      fc.asyncProperty(start, async (life) => {
        const policy = {
          minimumIncrease: 10n,
          maximumPromise: 50n * MYST,
          updateAllowed: true,
          freeTrial: life.freeTrial,
          feeBps: 100,
        }
        const world = await createPaymentWorld({ policy, deposit: life.deposit, plain, seed: life.seed })
        try {
          const model = createPaymentModel(world.t.policy, MAX_AT_RISK, 50n * MYST)
          model.balance = life.deposit
          const run = createPaymentRun(world, model)
          for (const step of life.steps) {
            taken++
            await run.take(step)
          }
          await run.settleUp()
        } finally {
          await world.t.stop()
        }
      }),
      { numRuns: plain ? 10 : 2, examples: plain && taken === 0 ? LIVES : [] },
    )
  }
  return taken
}

describe('issuer, benefiter and contract, whatever happens between them', () => {
  it('agree with the model at every step', async () => {
    const taken = await live(DEEP ? 100_000 : 3_000, true)
    if (DEEP) console.log(`deep: ${taken} steps of issuer, benefiter and contract against their model`)
  }, 3_600_000)

  it('agree with the model over signed and encrypted messages too', async () => {
    const taken = await live(DEEP ? 2_000 : 50, false)
    if (DEEP) console.log(`deep: ${taken} steps of them over signed and encrypted messages`)
  }, 3_600_000)
})
