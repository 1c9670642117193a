import { afterEach, describe, expect, it } from 'vitest'
import { GIB, MYST } from '#shared/model/units.ts'

import type { Dialogue, Reply } from '../ports/dialogue.ts'
import { adviceBody, PAYMENT_ADVICE, PAYMENT_PROPOSAL, PAYMENT_REFUSE, paymentAdvice } from '../protocol/payment.ts'
import { noGas } from '../testing/memory-chain.ts'
import { createSessionPair, type SessionPairOptions } from '../testing/session-pair.ts'

const MIB = 2n ** 20n
const STEP = MYST / 100n
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options: SessionPairOptions = {}) {
  const t = await createSessionPair({ plain: true, maxAtRisk: MYST / 10n, ...options })
  cleanups.push(t.stop)
  const liar = t.proposal.provider
  const consumer = t.pair.identities.a.id
  let theirs: Dialogue | undefined
  t.pair.b.onIncoming((dialogue) => {
    theirs = dialogue
  })
  const dialogue = () => {
    if (!theirs) throw new Error('there is no dialogue')
    return theirs
  }
  return {
    ...t,
    ...{ liar, dialogue, consumerId: consumer },
    async connect() {
      t.connection.connect([t.proposal])
      return t.until('connected')
    },
    /** The provider answers every payment so, as long as the dialogue lasts. */
    answerPayments: (reply: () => Reply) => dialogue().handle(PAYMENT_PROPOSAL, reply),
    sayLeft(leftover: bigint) {
      const policy = { minimumIncrease: STEP, maximumPromise: MYST, updateAllowed: true, freeTrial: 0n, feeBps: 100 }
      return t.settle(dialogue().send(PAYMENT_ADVICE, adviceBody({ leftover, policy })))
    },
    /** Promised, cleared or not, and not earned by what passed: what the provider has for nothing. */
    cost() {
      const worth = (t.service.passed() * t.proposal.pricePerUnit) / GIB
      const promised = t.consumer.ledger.given(liar).reduce((sum, { amount }) => sum + amount, 0n)
      return promised - worth
    },
    remembered: () => t.consumer.catalogue.query({ provider: liar })[0]?.experience.misconduct,
    choices: () => t.consumer.catalogue.candidates({}).map(({ provider }) => provider),
  }
}
type World = Awaited<ReturnType<typeof start>>

/** Cost no more than was shown before connecting, is remembered, and is not chosen by itself again. */
function expectCostly(t: World, kind: string) {
  expect(t.cost()).toBeLessThanOrEqual(t.maxAtRisk)
  const misconduct = t.remembered()
  expect(misconduct).toMatchObject({ kind, count: 1, atMs: expect.any(Number) })
  expect(misconduct?.lost).toBeGreaterThan(0n)
  expect(misconduct?.lost).toBeLessThanOrEqual(t.maxAtRisk)
  expect(t.choices()).toEqual([t.other])
  // Who names it, or prefers it, knows what it did.
  expect(t.consumer.catalogue.candidates({ provider: t.liar })).toHaveLength(1)
  t.consumer.catalogue.prefer(t.liar, true)
  expect(t.choices()).toEqual([t.liar, t.other])
}

describe('a provider that', () => {
  it('is honest is held nothing against, through use, reconnects, clearing and a dispute about nothing', async () => {
    const t = await start()
    for (let round = 0; round < 4; round++) {
      await t.connect()
      await t.flow(15, { up: MIB / 4n, down: MIB })
      if (round === 1) await t.settle(t.provider.payments.clear())
      await t.flow(15, { down: 3n * MIB })
      await t.settle(t.connection.disconnect())
      await t.settle(t.consumer.payments.reconcile())
    }
    expect(t.remembered()).toBeUndefined()
    expect(t.choices()).toEqual([t.liar, t.other])
    expect(t.cost()).toBeLessThanOrEqual(t.maxAtRisk)
  })

  it('has not settled yet what was used before a consumer was killed tells no sum that it will take from', async () => {
    const t = await start()
    await t.connect()
    await t.flow(12, { down: MIB })
    // Used, and not metered when the consumer is gone; what comes back is another program of hers.
    t.service.pass({ down: 8n * MIB })
    const last = Promise.withResolvers<void>()
    t.service.lastFigures = last.promise
    const opened = await t.settle(t.pair.a.open(t.liar, t.proposal.contacts))
    const said: bigint[] = []
    opened.handle(PAYMENT_ADVICE, (body) => {
      said.push(paymentAdvice.parse(body).leftover)
      return undefined
    })
    for (let turn = 0; turn < 50; turn++) await t.clock.advance(0)
    expect(said).toEqual([])
    last.resolve()
    for (let turn = 0; turn < 50; turn++) await t.clock.advance(0)
    expect(said).toEqual([t.provider.ledger.account(t.consumerId)?.leftover])
    expect(t.provider.repository.list(10)).toMatchObject([
      { end: 'dialogue-ended', metering: { bytesDown: 20n * MIB } },
    ])
  })

  it('meters more than passed', async () => {
    const t = await start()
    await t.connect()
    t.service.inflate(150n)
    for (let round = 0; round < 10 && t.connection.state.name === 'connected'; round++) {
      await t.flow(10, { up: MIB, down: 4n * MIB })
    }
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'metering-disputed' } })
    expect(t.cost()).toBeLessThanOrEqual(t.maxAtRisk)
    expect(t.remembered()).toMatchObject({ kind: 'inflated-metering', count: 1 })
    // What was paid ahead was used up by then: nothing was lost, and others come first all the same.
    expect(t.remembered()?.lost).toBeLessThanOrEqual(t.maxAtRisk)
    expect(t.choices()[0]).toBe(t.other)
  })

  it('charges more than it signed', async () => {
    const t = await start()
    await t.connect()
    t.offer.pricePerUnit = (MYST * 101n) / 100n
    await t.flow(15, { down: 4n * MIB })
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'overpriced' } })
    expectCostly(t, 'overpriced')
  })

  it('says in the middle that less is left', async () => {
    const t = await start()
    await t.connect()
    await t.flow(10, { down: MIB })
    await t.sayLeft(0n)
    expect(await t.until('disconnected')).toMatchObject({
      last: { end: 'metering-disputed', message: expect.stringContaining('denied') },
    })
    expectCostly(t, 'wrong-leftover')
  })

  it('has forgotten what it was paid when the consumer comes back, as often as that may be', async () => {
    const t = await start()
    for (let round = 0; round < 15; round++) {
      t.connection.connect([t.proposal])
      await t.settle(
        new Promise<void>((resolve) =>
          t.connection.onChange(({ name }) => (name === 'connected' || name === 'disconnected') && resolve()),
        ),
      )
      if (t.connection.state.name === 'connected') await t.flow(5, { down: MIB })
      await t.settle(t.connection.disconnect())
      expect(t.cost()).toBeLessThanOrEqual(t.maxAtRisk)
      t.provider.ledger.saveAccount(t.consumerId, { leftover: 0n, used: 0n })
      if (round === 1) expectCostly(t, 'wrong-leftover')
    }
    const lost = t.remembered()
    expect(lost?.count).toBeGreaterThan(1)
    expect(lost?.lost).toBeLessThanOrEqual(t.maxAtRisk)
  })

  it.each(['promise-signature-invalid', 'promise-below-minimum'] as const)(
    'refuses what it had asked for: %s',
    async (reason) => {
      const t = await start()
      await t.connect()
      t.answerPayments(() => ({ type: PAYMENT_REFUSE, body: { reason } }))
      for (let round = 0; round < 10 && t.connection.state.name === 'connected'; round++) {
        await t.flow(5, { down: 2n * MIB })
      }
      expectCostly(t, 'refused-payment')
    },
  )

  it('clears a promise and goes on asking for an update of it', async () => {
    const t = await start()
    await t.connect()
    await t.flow(5, { down: MIB })
    const held = t.provider.ledger.lastReceived(t.consumerId)
    if (!held) throw new Error('nothing was paid')
    await t.chain.clear(held, t.pair.identities.b, noGas)
    await t.flow(30, { down: 2n * MIB })
    expect(t.connection.state.name).toBe('connected')
    expect(t.remembered()).toMatchObject({ kind: 'cleared-unannounced', count: 1, lost: 0n })
    expect(t.cost()).toBeLessThanOrEqual(t.maxAtRisk)
    // Nothing was lost: it is tried, but only when nobody else is there.
    expect(t.choices()).toEqual([t.other, t.liar])
  })

  it('takes payment and lets nothing through', async () => {
    const t = await start()
    t.service.exitAddress = undefined
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'not-verified', paid: STEP } })
    expect(t.cost()).toBe(STEP)
    expectCostly(t, 'gave-nothing')
  })

  it('was not heard while this machine slept is not blamed', async () => {
    const t = await start()
    t.service.exitAddress = undefined
    t.connection.connect([t.proposal])
    await t.settle(
      new Promise<void>((resolve) =>
        t.connection.onChange((state) => state.name === 'connecting' && state.step === 'verify-traffic' && resolve()),
      ),
    )
    t.clock.sleep(60_000)
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'not-verified', paid: STEP } })
    expect(t.remembered()).toBeUndefined()
  })

  it("cannot be told from a line of one's own that is down is not blamed", async () => {
    const t = await start({ directAddress: 'no address at all' })
    t.service.exitAddress = undefined
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'not-verified', paid: STEP } })
    expect(t.remembered()).toBeUndefined()
  })
})
