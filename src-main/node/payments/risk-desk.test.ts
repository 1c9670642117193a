import { afterEach, describe, expect, it } from 'vitest'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { PAYMENT_ADVICE, PAYMENT_PROPOSAL, proposalBody } from '../protocol/payment.ts'
import { createRiskWorld, type RiskWorld } from '../testing/risk-world.ts'
import { verdictOf } from './verdict.ts'

const NEVER = { atOnce: false, threshold: 0n, maxAgeMs: 0 }
const PART = MYST / 10n

let world: RiskWorld | undefined
afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** A provider, and an issuer in a dialogue with it, whose account holds `deposit`. */
async function start(deposit: bigint) {
  const running = createRiskWorld({ clearing: NEVER, isSharing: false })
  world = running
  const provider = running.provider()
  const issuer = running.issuer(deposit)
  const dialogue = await running.settle(issuer.dialogues.open(provider.identity.id, provider.contacts))
  dialogue.handle(PAYMENT_ADVICE, () => undefined)
  await running.turns()
  return {
    ...{ world: running, provider, issuer },
    async offer(amount: bigint) {
      const promise = issuer.promise(provider.identity.id, amount)
      const reply = await running.settle(dialogue.request(PAYMENT_PROPOSAL, proposalBody(promise)))
      return reply.type === 'payment-refuse' ? (reply.body as { reason: string }).reason : 'accepted'
    },
    hold(promise: SignedPromise) {
      provider.ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs: 1, updatedAtMs: 1 })
    },
    async view() {
      const [view] = await provider.risk.views([issuer.identity.id])
      if (!view) throw new Error('nothing is known of the issuer')
      return view
    },
  }
}

describe('what is shown of an issuer', () => {
  it('is there before it owes anything, and says what happens to its next promise', async () => {
    const t = await start(100n * MYST)
    expect(await t.provider.risk.views()).toEqual([])
    expect(await t.view()).toMatchObject({
      ...{ issuer: t.issuer.identity.id, outstandingHere: 0n, promises: 0, uncovered: 0n, credit: 5n * PART },
      ...{ isBalanceKnown: true, verdict: 'covered', clearing: 'waiting' },
    })
    expect(await t.offer(3n * PART)).toBe('accepted')
    expect(await t.view()).toMatchObject({ outstandingHere: 3n * PART, promises: 1, verdict: 'covered' })
    expect(await t.offer(4n * PART)).toBe('accepted')
    expect((await t.view()).verdict).toBe('near-limit')
    expect(await t.offer(10n * PART)).toBe('accepted')
    expect((await t.view()).verdict).toBe('at-limit')
    expect(await t.offer(11n * PART)).toBe('credit-exhausted')

    await t.world.settle(t.provider.payments.clear())
    expect(await t.view()).toMatchObject({ outstandingHere: 0n, clearedHere: MYST, verdict: 'covered' })
  })

  it('counts what others were promised, and says so when it is too much', async () => {
    const t = await start(MYST)
    expect(await t.offer(2n * PART)).toBe('accepted')
    const told = t.issuer.promise(t.world.provider().identity.id, 7n * PART)
    t.provider.shared.save({ ...told, heardAtMs: t.world.clock.now() }, { ofIssuer: 9, inAll: 9 })
    // A tenth is left beyond nine that are owed.
    expect(await t.view()).toMatchObject({ outstandingElsewhere: 7n * PART, exposure: PART, verdict: 'covered' })
    expect(await t.offer(3n * PART)).toBe('accepted')
    expect(await t.view()).toMatchObject({ exposure: 0n, uncovered: 0n, verdict: 'at-limit' })
    expect(await t.offer(4n * PART)).toBe('promise-not-covered')

    const more = t.issuer.promise(told.benefiter, 17n * PART)
    t.provider.shared.save({ ...more, heardAtMs: t.world.clock.now() }, { ofIssuer: 9, inAll: 9 })
    expect(await t.view()).toMatchObject({ exposure: -MYST, uncovered: (3n * PART) / 2n, verdict: 'not-covered' })
    t.world.deposit(t.issuer.identity.id, 10n * MYST)
    expect((await t.view()).verdict).toBe('covered')
  })

  it('names the time when it is cleared for its age, where it is worth a clearing', async () => {
    const t = await start(100n * MYST)
    t.provider.risk.setPolicy({ ...NEVER, maxAgeMs: 3_600_000 })
    const begun = t.world.clock.now()
    expect(await t.offer(PART / 10n)).toBe('accepted')
    expect(await t.view()).toMatchObject({ outstandingHere: PART / 10n, clearing: 'waiting' })
    expect(await t.view()).not.toHaveProperty('dueAtMs')
    await t.world.clock.advance(60_000)
    expect(await t.offer(PART)).toBe('accepted')
    // The age is of the promise, whenever it was raised.
    const { dueAtMs = 0 } = await t.view()
    expect(dueAtMs - 3_600_000 - begun).toBeLessThan(60_000)
    await t.world.clock.advance(dueAtMs - t.world.clock.now() + 60_000)
    await t.world.turns()
    expect(await t.view()).toMatchObject({ outstandingHere: 0n, clearedHere: PART })
  })

  it('is told to be looked at again, once for all that happens within a second', async () => {
    const t = await start(100n * MYST)
    await t.world.clock.advance(1_000)
    const before = t.world.moved.length
    await t.world.clock.advance(5_000)
    expect(t.world.moved.length).toBe(before)
    for (const amount of [PART, 2n * PART, 3n * PART]) expect(await t.offer(amount)).toBe('accepted')
    t.world.deposit(t.issuer.identity.id, MYST)
    await t.world.clock.advance(1_000)
    expect(t.world.moved.length).toBe(before + 1)
    t.world.deposit(t.issuer.identity.id, MYST)
    await t.world.clock.advance(1_000)
    expect(t.world.moved.length).toBe(before + 2)
    // A block in which nobody's account moved is no news.
    t.world.mine()
    await t.world.clock.advance(1_000)
    expect(t.world.moved.length).toBe(before + 2)
  })
})

describe('the verdict', () => {
  const facts = {
    ...{ balance: 10n * MYST, leaving: 0n, outstandingHere: PART, outstandingElsewhere: 0n, highest: PART },
    ...{ limit: 50n * MYST, credit: 5n * PART, oldestPromiseAtMs: 0, withdrawalIsNews: false },
  }
  const known = { isBalanceKnown: true, facts, owed: PART, ceiling: MYST }

  it('warns of an account that is being emptied, also when it still covers everything', () => {
    expect(verdictOf(known)).toBe('covered')
    expect(verdictOf({ ...known, facts: { ...facts, leaving: MYST } })).toBe('near-limit')
    expect(verdictOf({ ...known, facts: { ...facts, leaving: 10n * MYST } })).toBe('not-covered')
  })

  it('is none where the balance is not known, and counts what is owed to others of this node', () => {
    expect(verdictOf({ ...known, isBalanceKnown: false })).toBe('unknown')
    expect(verdictOf({ ...known, owed: MYST })).toBe('at-limit')
  })
})
