import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createPaymentPair, type PaymentPair } from '../testing/payment-pair.ts'

const MAX_AT_RISK = 500n

type Links = Awaited<ReturnType<PaymentPair['open']>>
type Step =
  | { do: 'pay'; target: bigint }
  | { do: 'use'; percent: bigint }
  | { do: 'clear' }
  | { do: 'clear-crossing'; target: bigint; turns: number }
  | { do: 'clear-crash'; when: 'before' | 'after' }
  | { do: 'policy'; updateAllowed: boolean; minimumIncrease: bigint }
  | { do: 'restart' }
  | { do: 'cut-while-paying'; target: bigint; turns: number }
  | { do: 'lie'; leftover: bigint; withUpdate: boolean }

const target = fc.bigInt({ min: 10n, max: 800n })
const turns = fc.integer({ min: 0, max: 12 })
const steps: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('pay'), target }),
  fc.record({ do: fc.constant('pay'), target }),
  fc.record({ do: fc.constant('use'), percent: fc.bigInt({ min: 0n, max: 100n }) }),
  fc.record({ do: fc.constant('use'), percent: fc.bigInt({ min: 50n, max: 100n }) }),
  fc.record({ do: fc.constant('clear') }),
  fc.record({ do: fc.constant('clear-crossing'), target, turns: fc.integer({ min: -6, max: 6 }) }),
  fc.record({ do: fc.constant('clear-crash'), when: fc.constantFrom('before', 'after') }),
  fc.record({
    do: fc.constant('policy'),
    updateAllowed: fc.boolean(),
    minimumIncrease: fc.bigInt({ min: 0n, max: 60n }),
  }),
  fc.record({ do: fc.constant('restart') }),
  fc.record({ do: fc.constant('cut-while-paying'), target, turns }),
  fc.record({ do: fc.constant('lie'), leftover: fc.bigInt({ min: 0n, max: 2n }), withUpdate: fc.boolean() }),
]

describe('issuer and benefiter, whatever happens between them', () => {
  it('never disagree by more than what is in flight, never reuse a serial, never put more at risk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(...steps), { minLength: 3, maxLength: 14 }), async (run) => {
        const t = await createPaymentPair()
        try {
          const model = new Run(t, await t.open())
          for (const step of run) {
            await model.take(step)
            model.check()
          }
        } finally {
          await t.stop()
        }
      }),
      { numRuns: 40, endOnFailure: false },
    )
  }, 120_000)
})

class Run {
  t: PaymentPair
  links: Links
  session = 0
  cost = 0n
  /** Highest amount and signature ever seen under each serial. */
  seen = new Map<bigint, { amount: bigint; isCleared: boolean }>()

  constructor(t: PaymentPair, links: Links) {
    this.t = t
    this.links = links
  }

  pay = (target: bigint) => this.links.a.issuer.payAhead({ target, maxAtRisk: MAX_AT_RISK })

  async take(step: Step): Promise<void> {
    const { t } = this
    const issuer = t.a.identity.id
    switch (step.do) {
      case 'pay':
        await t.settle(this.pay(step.target))
        break
      case 'use': {
        this.cost += (this.links.b.benefiter.leftover() * step.percent) / 100n
        const { cost, session } = this
        this.links.b.benefiter.charge(`session ${session}`, cost, () => undefined)
        this.links.b.benefiter.adviseIfMoved()
        this.links.a.issuer.consume(`session ${session}`, cost)
        break
      }
      case 'clear': {
        const results = await t.settle(this.links.payments.b.clear(issuer))
        expect(results.filter(({ message }) => message !== undefined)).toEqual([])
        expect(this.t.b.ledger.received().every(({ state }) => state === 'cleared')).toBe(true)
        break
      }
      case 'clear-crossing': {
        // Something to update and a reason to; negative turns: the update sets out first.
        await t.settle(this.pay(10n))
        await this.take({ do: 'use', percent: 100n })
        const clear = () => this.links.payments.b.clear(issuer)
        const pay = () => this.pay(step.target)
        const first = step.turns < 0 ? pay() : clear()
        await t.turns(Math.abs(step.turns))
        await t.settle(Promise.all([first, step.turns < 0 ? clear() : pay()]))
        await t.settle(this.links.payments.a.reconcile())
        break
      }
      case 'clear-crash': {
        t.chain.onClear = (when) => {
          if (when === step.when) throw new Error('the program is gone')
        }
        await t.settle(this.links.payments.b.clear(issuer))
        t.chain.onClear = () => undefined
        await this.restart()
        break
      }
      case 'policy':
        t.policy.updateAllowed = step.updateAllowed
        t.policy.minimumIncrease = step.minimumIncrease
        await t.settle(this.links.b.benefiter.advise())
        break
      case 'restart':
        await this.restart()
        break
      case 'cut-while-paying': {
        const paying = this.pay(step.target)
        await t.turns(step.turns)
        t.pair.network.set({ loss: 1 })
        await t.turns(6)
        t.pair.network.set({ loss: 0 })
        await this.restart()
        await t.settle(paying)
        break
      }
      case 'lie': {
        // b claims to have hardly anything left: as often as it likes, it gains no more than the limit.
        const last = t.b.ledger.received(issuer).at(-1)
        const account = t.b.ledger.account(issuer)
        if (!account) break
        t.b.ledger.saveAccount(issuer, { ...account, leftover: step.leftover })
        if (last && !step.withUpdate) t.b.ledger.saveReceived({ ...last, stopped: true })
        await t.settle(this.links.b.benefiter.advise())
        await t.settle(this.pay(400n))
        const paid = t.b.ledger.account(issuer)?.leftover ?? 0n
        t.b.ledger.saveAccount(issuer, { ...account, leftover: account.leftover + paid - step.leftover })
        await t.settle(this.links.b.benefiter.advise())
        break
      }
    }
    await t.turns(6)
  }

  async restart() {
    this.links = await this.t.open()
    this.session += 1
    this.cost = 0n
  }

  check() {
    const { t } = this
    const { a, b } = t
    const given = a.ledger.given()
    const received = b.ledger.received()
    for (const held of received) {
      const ours = given.find(({ serial }) => serial === held.serial)
      expect(ours, 'every accepted promise is on disk with its issuer').toBeDefined()
      expect(held.amount <= (ours?.amount ?? 0n), 'accepted is never above what the issuer wrote down').toBe(true)
    }
    for (const promise of given) {
      const before = this.seen.get(promise.serial)
      if (before?.isCleared) expect(promise.amount, 'a cleared serial is never used again').toBe(before.amount)
      else if (before && !promise.cleared) expect(promise.amount >= before.amount, 'amounts only grow').toBe(true)
      this.seen.set(promise.serial, { amount: promise.amount, isCleared: promise.cleared })
    }
    const leftover = this.links.payments.a.atRisk(b.identity.id)
    expect(leftover <= MAX_AT_RISK, 'never more at risk than allowed').toBe(true)
    const unacknowledged = given.reduce(
      (sum, { amount, accepted, cleared }) => (cleared ? sum : sum + amount - accepted),
      0n,
    )
    const theirs = b.ledger.account(a.identity.id)?.leftover ?? 0n
    expect(theirs <= leftover, `the benefiter has no more left (${theirs}) than the issuer reckons (${leftover})`).toBe(
      true,
    )
    expect(leftover - theirs <= unacknowledged, `and no less than what is unacknowledged (${unacknowledged})`).toBe(
      true,
    )
    const accepted = received.reduce((sum, { amount }) => sum + amount, 0n)
    expect(this.links.payments.b.earnedToday(), 'what was credited is what is held').toBe(accepted)
    for (const { serial, amount } of t.chain.clearings(a.identity.id, 1000)) {
      const held = received.find((promise) => promise.serial === serial)
      expect(held?.amount, 'what was accepted is what is cleared').toBe(amount)
    }
    const cleared = t.chain.clearings(a.identity.id, 1000).reduce((sum, { amount }) => sum + amount, 0n)
    const promised = given.reduce((sum, { amount }) => sum + amount, 0n)
    expect(cleared <= promised, 'the chain never pays more than was promised').toBe(true)
  }
}
