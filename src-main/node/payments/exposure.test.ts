import { afterEach, describe, expect, it } from 'vitest'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import type { UnlockedIdentity } from '../ports/identity.ts'
import { PAYMENT_PROPOSAL, type PaymentPolicy, proposalBody } from '../protocol/payment.ts'
import { noGas } from '../testing/memory-chain.ts'
import { createTestIdentity } from '../testing/memory-registry.ts'
import { createPaymentPair, type PaymentPair } from '../testing/payment-pair.ts'
import type { PaymentsDeps } from './deps.ts'

const pairs: PaymentPair[] = []
afterEach(async () => {
  for (const pair of pairs.splice(0)) await pair.stop()
})

/** What a stranger may owe unless the node says otherwise. */
const FIRST = MYST / 2n

async function start(policy: Partial<PaymentPolicy> = {}, deposit = 1_000n * MYST, more: Partial<PaymentsDeps> = {}) {
  const t = await createPaymentPair(policy, deposit, { plain: true, payments: { firstCredit: FIRST, ...more } })
  pairs.push(t)
  const [issuer, benefiter] = [t.pair.identities.a, t.pair.identities.b]
  const links = await t.open()
  const promise = (serial: bigint, amount: bigint, to: UnlockedIdentity = benefiter): SignedPromise => {
    const bare = { issuer: issuer.id, serial, benefiter: to.id, amount }
    return { ...bare, signature: issuer.signTypedData(t.chain.promiseTypedData(bare)) as SignedPromise['signature'] }
  }
  return {
    ...{ t, links, issuer, benefiter },
    credit: () => links.payments.b.exposure.limits(issuer.id).credit,
    owed: () => links.payments.b.totals().receivable,
    /** Cleared without any dialogue. */
    clear: (serial: bigint, amount: bigint, to = benefiter) => t.chain.clear(promise(serial, amount, to), to, noGas),
    async offer(serial: bigint, amount: bigint) {
      const reply = await t.settle(links.dialogues.a.request(PAYMENT_PROPOSAL, proposalBody(promise(serial, amount))))
      return reply.type === 'payment-refuse' ? (reply.body as { reason: string }).reason : 'accepted'
    },
  }
}

describe('the credit of an issuer', () => {
  it('begins small and doubles with each time that what it may owe is cleared', async () => {
    const { credit, clear } = await start()
    const seen = [credit()]
    for (let serial = 1n; serial <= 4n; serial++) {
      await clear(serial, credit())
      seen.push(credit())
    }
    expect(seen).toEqual([1n, 2n, 4n, 8n, 16n].map((times) => times * FIRST))
  })

  it('grows by what was cleared to others only as much as that has cost: it may have paid itself', async () => {
    const { credit, clear } = await start({ feeBps: 100 })
    await clear(1n, 40n * MYST, createTestIdentity())
    expect(credit()).toBe(FIRST + (40n * MYST) / 100n)
  })

  it('is never more than one promise may be worth', async () => {
    const { credit, clear, t } = await start()
    await clear(1n, 50n * MYST)
    expect(credit()).toBe(50n * MYST)
    t.policy.maximumPromise = 7n * MYST
    expect(credit()).toBe(7n * MYST)
  })

  it('holds an issuer that never pays to as much again, over all serials, and each time asks who clears to look', async () => {
    const { offer, links } = await start()
    let looks = 0
    links.payments.b.onChange(() => looks++)
    expect(await offer(1n, FIRST - 10n)).toBe('accepted')
    expect(await offer(1n, FIRST)).toBe('accepted')
    expect(await offer(2n, FIRST + 1n)).toBe('credit-exhausted')
    expect(await offer(2n, FIRST)).toBe('accepted')
    expect(await offer(3n, 10n)).toBe('credit-exhausted')
    expect(looks).toBe(5)
  })

  it('lets it go on as soon as it is cleared', async () => {
    const { offer, links, t } = await start()
    expect(await offer(1n, 2n * FIRST)).toBe('accepted')
    expect(await offer(2n, FIRST)).toBe('credit-exhausted')
    await t.settle(links.payments.b.clear())
    expect(await offer(2n, FIRST)).toBe('accepted')
  })

  it('tells an honest issuer what it may sign, so that it is never refused, though clearing takes its time', async () => {
    const { links, t, owed, credit } = await start({ minimumIncrease: MYST / 10_000n })
    const { issuer } = links.a
    expect((await issuer.advised()).policy.maximumPromise).toBe(2n * FIRST)
    const outcomes = new Set<string>()
    const step = MYST / 20n
    let cost = 0n
    let clearAt: number | undefined
    issuer.conduct.began('s')
    for (let second = 0; second < 120; second++) {
      const outcome = await t.settle(issuer.payAhead({ target: FIRST, maxAtRisk: FIRST }))
      outcomes.add('message' in outcome ? outcome.message : outcome.kind)
      cost += step
      links.b.benefiter.charge('s', cost, () => undefined)
      issuer.conduct.metered('s', cost)
      issuer.consume('s', cost)
      // What was paid ahead lasts ten seconds at this pace; so long it takes until it is mined.
      if (owed() >= credit()) clearAt ??= second + 8
      if (second === clearAt) {
        await t.settle(links.payments.b.clear())
        await t.settle(links.payments.a.reconcile())
        clearAt = undefined
      }
    }
    expect([...outcomes]).toEqual(['paid'])
    expect(credit()).toBeGreaterThan(4n * FIRST)
    expect(links.b.benefiter.leftover()).toBeGreaterThan(0n)
  })
})

describe('cover', () => {
  it('counts what the issuer promised to other identities of this node and to other providers', async () => {
    let elsewhere = 60n
    const sharing = { attach: () => undefined, outstandingElsewhere: () => elsewhere }
    const { offer } = await start({}, 100n, { sharing })
    expect(await offer(1n, 41n)).toBe('promise-not-covered')
    expect(await offer(1n, 40n)).toBe('accepted')
    elsewhere = 0n
    expect(await offer(1n, 100n)).toBe('accepted')
  })

  it('counts what is cleared and still in the balance, because the copy of the chain is behind', async () => {
    const { offer, links, t, issuer, benefiter } = await start({}, 100n)
    const behind = { balance: t.chain.facts.balanceOf(issuer.id), serial: 0n }
    expect(await offer(1n, 60n)).toBe('accepted')
    await t.settle(links.payments.b.clear())
    const { balanceOf, lastClearedSerial } = t.chain.facts
    t.chain.facts.balanceOf = () => behind.balance
    t.chain.facts.lastClearedSerial = () => behind.serial
    expect(await offer(2n, 41n)).toBe('promise-not-covered')
    expect(await offer(1n, 61n)).toBe('promise-serial-cleared')
    Object.assign(t.chain.facts, { balanceOf, lastClearedSerial })
    expect(t.chain.facts.lastClearedSerial(issuer.id, benefiter.id)).toBe(1n)
    expect(await offer(2n, 41n)).toBe('promise-not-covered')
    expect(await offer(2n, 40n)).toBe('accepted')
  })

  it('is looked for on the chain once more before it is found wanting: a deposit may be young', async () => {
    const { offer, t, issuer } = await start({}, 10n)
    let looks = 0
    t.chain.facts.catchUp = async () => {
      looks++
      if (looks === 1) t.chain.deposit(issuer.id, 90n)
    }
    expect(await offer(1n, 100n)).toBe('accepted')
    expect(await offer(1n, 150n)).toBe('promise-not-covered')
    expect(looks).toBe(2)
  })
})
