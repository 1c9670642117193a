import { afterEach, describe, expect, it } from 'vitest'
import type { PaymentPromise, SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import type { UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import { adviceBody, PAYMENT_PROPOSAL, proposalBody } from '../protocol/payment.ts'
import { noGas } from '../testing/memory-chain.ts'
import { createTestIdentity } from '../testing/memory-registry.ts'
import { createPaymentPair, type PaymentPair } from '../testing/payment-pair.ts'

const pairs: PaymentPair[] = []
afterEach(async () => {
  for (const pair of pairs.splice(0)) await pair.stop()
})

async function start(policy: Partial<PaymentPolicy> = {}, deposit?: bigint) {
  const t = await createPaymentPair(policy, deposit)
  pairs.push(t)
  const links = await t.open()
  const pay = (target: bigint, maxAtRisk = 1_000n * MYST) => t.settle(links.a.issuer.payAhead({ target, maxAtRisk }))
  return { ...t, ...links, linkA: links.a, linkB: links.b, sideA: t.a, sideB: t.b, pay }
}

describe('a benefiter', () => {
  async function hostile(policy: Partial<PaymentPolicy> = {}, deposit = 1_000n) {
    const t = await createPaymentPair(policy, deposit)
    pairs.push(t)
    const payments = t.b.start()
    const dialogue = await t.settle(
      (async () => {
        t.pair.b.onIncoming((incoming) => void payments.attach(incoming))
        return t.pair.a.open(t.pair.identities.b.id, t.pair.contacts.b)
      })(),
    )
    dialogue.handle('payment-advice', () => undefined)
    const [a, b] = [t.pair.identities.a, t.pair.identities.b]
    const promise = (change: Partial<PaymentPromise> & { signer?: UnlockedIdentity; signature?: string } = {}) => {
      const { signer = a, signature, ...rest } = change
      const bare = { issuer: a.id, serial: 5n, benefiter: b.id, amount: 100n, ...rest }
      const valid = signer.signTypedData(t.chain.promiseTypedData(bare))
      return { ...bare, signature: (signature ?? valid) as `0x${string}` } satisfies SignedPromise
    }
    const offer = async (offered: SignedPromise) => {
      const reply = await t.settle(dialogue.request(PAYMENT_PROPOSAL, proposalBody(offered)))
      return reply.type === 'payment-refuse' ? (reply.body as { reason: string }).reason : 'accepted'
    }
    const held = () => ({
      leftover: t.b.ledger.account(a.id)?.leftover,
      promises: t.b.ledger.received(a.id).map(({ serial, amount }) => [serial, amount]),
    })
    return { ...t, payments, dialogue, promise, offer, held }
  }

  it('accepts a good promise and its update, once each', async () => {
    const t = await hostile()
    expect(await t.offer(t.promise())).toBe('accepted')
    expect(await t.offer(t.promise({ amount: 150n }))).toBe('accepted')
    expect(t.held()).toEqual({ leftover: 150n, promises: [[5n, 150n]] })
    expect(t.payments.totals()).toEqual({ receivable: 150n, payable: 0n, paidAhead: 0n })
    expect(t.payments.earnings()).toEqual({ earnedToday: 0n, heldAhead: 150n })
  })

  it('refuses every bad promise for its reason, and loses nothing', async () => {
    const t = await hostile({ minimumIncrease: 10n, maximumPromise: 700n })
    const stranger = createTestIdentity()
    expect(await t.offer(t.promise())).toBe('accepted')
    const bad: [string, SignedPromise][] = [
      ['promise-not-increased', t.promise({ amount: 100n })],
      ['promise-not-increased', t.promise({ amount: 60n })],
      ['promise-below-minimum', t.promise({ amount: 109n })],
      ['promise-serial-old', t.promise({ serial: 4n, amount: 500n })],
      ['promise-signature-invalid', t.promise({ amount: 200n, signer: stranger })],
      ['promise-signature-invalid', { ...t.promise({ amount: 200n }), amount: 201n }],
      ['promise-wrong-parties', t.promise({ amount: 200n, issuer: stranger.id, signer: stranger })],
      ['promise-wrong-parties', t.promise({ amount: 200n, benefiter: stranger.id })],
      ['promise-above-limit', t.promise({ amount: 701n })],
      ['promise-above-limit', t.promise({ serial: 6n, amount: 701n })],
      ['promise-not-covered', t.promise({ serial: 6n, amount: 600n })],
    ]
    t.chain.deposit(t.pair.identities.a.id, -350n)
    for (const [reason, promise] of bad) expect([reason, await t.offer(promise)]).toEqual([reason, reason])
    expect(t.held()).toEqual({ leftover: 100n, promises: [[5n, 100n]] })
  })

  it('takes a signature in one form only', async () => {
    const t = await hostile()
    const good = t.promise()
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const mirrored = (order - BigInt(`0x${good.signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
    const v = good.signature.endsWith('1b') ? '1c' : '1b'
    const mirror = `${good.signature.slice(0, 66)}${mirrored}${v}`
    expect(await t.offer(t.promise({ signature: mirror }))).toBe('promise-signature-invalid')
    const bareV = good.signature.endsWith('1b') ? '00' : '01'
    expect(await t.offer(t.promise({ signature: `${good.signature.slice(0, 130)}${bareV}` }))).toBe(
      'promise-signature-invalid',
    )
    expect(await t.offer(good)).toBe('accepted')
  })

  it('holds an issuer to half of its registered value', async () => {
    const t = await hostile({ maximumPromise: 2n ** 100n }, 1_000n * MYST)
    expect(await t.offer(t.promise({ amount: 50n * MYST + 1n }))).toBe('promise-above-limit')
    expect(await t.offer(t.promise({ amount: 50n * MYST }))).toBe('accepted')
  })

  it('counts what the issuer promised under other serials against its balance', async () => {
    const t = await hostile({}, 250n)
    expect(await t.offer(t.promise({ serial: 5n, amount: 100n }))).toBe('accepted')
    expect(await t.offer(t.promise({ serial: 6n, amount: 100n }))).toBe('accepted')
    expect(await t.offer(t.promise({ serial: 7n, amount: 51n }))).toBe('promise-not-covered')
    expect(await t.offer(t.promise({ serial: 6n, amount: 150n }))).toBe('accepted')
  })

  it('refuses a serial that the chain has cleared, also one cleared without it', async () => {
    const t = await hostile()
    await t.chain.clear(t.promise({ serial: 9n }), t.pair.identities.b, noGas)
    expect(await t.offer(t.promise({ serial: 9n, amount: 200n }))).toBe('promise-serial-cleared')
    expect(await t.offer(t.promise({ serial: 10n, amount: 200n }))).toBe('accepted')
  })

  it('refuses while the chain cannot be asked, and takes the same promise later', async () => {
    const t = await hostile()
    t.chain.unreachable = true
    expect(await t.offer(t.promise())).toBe('chain-unreachable')
    t.chain.unreachable = false
    expect(await t.offer(t.promise())).toBe('accepted')
  })

  it('refuses an update after it asked for none, and one that crosses with a clearing', async () => {
    const t = await hostile()
    expect(await t.offer(t.promise())).toBe('accepted')
    let crossing: string | undefined
    t.chain.onClear = async (when) => {
      if (when === 'before') crossing = await t.offer(t.promise({ amount: 300n }))
    }
    const [result] = await t.settle(t.payments.clear())
    expect(crossing).toBe('promise-update-forbidden')
    expect(result).toMatchObject({ serial: 5n, amount: 100n, fee: 1n, transaction: expect.stringMatching(/^0x/) })
    expect(t.held()).toEqual({ leftover: 100n, promises: [[5n, 100n]] })
    t.policy.updateAllowed = false
    expect(await t.offer(t.promise({ serial: 6n }))).toBe('accepted')
    expect(await t.offer(t.promise({ serial: 6n, amount: 300n }))).toBe('promise-update-forbidden')
  })

  it('answers nonsense with a refusal and goes on', async () => {
    const t = await hostile()
    const nonsense = [null, {}, { promise: { ...proposalBody(t.promise()).promise, amount: '-5' } }, { promise: 'x' }]
    for (const body of nonsense) {
      const refused = t.dialogue.request(PAYMENT_PROPOSAL, body).catch((error: Error & { details: unknown }) => error)
      expect(await t.settle(refused)).toMatchObject({ name: 'Refused', details: { reason: 'malformed-message' } })
    }
    expect(await t.offer(t.promise())).toBe('accepted')
  })
})

describe('what others paid ahead', () => {
  it('is earned as they use it, and no sooner', async () => {
    const t = await start()
    await t.pay(1_000n)
    const earnings = () => t.payments.b.earnings()
    expect(earnings()).toEqual({ earnedToday: 0n, heldAhead: 1_000n })
    t.linkB.benefiter.charge('s', 100n, () => undefined)
    expect(earnings()).toEqual({ earnedToday: 100n, heldAhead: 900n })
    // More than it has left is paid by what comes next, and not earned before.
    t.linkB.benefiter.charge('s', 1_200n, () => undefined)
    expect(earnings()).toEqual({ earnedToday: 1_000n, heldAhead: 0n })
  })
})

describe('payment advice', () => {
  it('gives a free trial once, to whom was never met', async () => {
    const t = await start({ freeTrial: 70n })
    expect(t.linkA.issuer.standing()).toMatchObject({ claimed: 70n, leftover: 0n })
    t.linkB.benefiter.charge('s', 70n, () => undefined)
    const again = await t.open()
    expect(again.a.issuer.standing().claimed).toBe(0n)
    expect(again.b.benefiter.leftover()).toBe(0n)
  })

  it('comes when leftover moved by more than a tenth, and at zero', async () => {
    const t = await start()
    await t.pay(1_000n)
    const claimedAfter = async (cost: bigint) => {
      t.linkB.benefiter.charge('s', cost, () => undefined)
      t.linkB.benefiter.adviseIfMoved()
      await t.turns()
      return t.linkA.issuer.standing().claimed
    }
    expect(await claimedAfter(100n)).toBe(1_000n)
    expect(await claimedAfter(101n)).toBe(899n)
    expect(await claimedAfter(1_000n)).toBe(0n)
  })

  it('leads to updates of one promise, and to a new serial after a clearing', async () => {
    const t = await start()
    expect(await t.pay(100n)).toEqual({ kind: 'paid', increase: 100n })
    expect(await t.pay(300n)).toEqual({ kind: 'paid', increase: 200n })
    expect(await t.pay(300n)).toEqual({ kind: 'enough' })
    expect(t.sideA.ledger.given()).toMatchObject([{ amount: 300n, accepted: 300n }])
    await t.settle(t.payments.b.clear())
    expect(await t.pay(400n)).toEqual({ kind: 'paid', increase: 100n })
    expect(t.sideB.ledger.received()).toMatchObject([
      { amount: 300n, state: 'cleared' },
      { amount: 100n, state: 'open' },
    ])
    await t.settle(t.payments.a.reconcile())
    // What was cleared and not used is still there.
    expect(t.payments.a.totals()).toEqual({ receivable: 0n, payable: 100n, paidAhead: 400n })
    expect(t.payments.a.promises().map(({ direction, state }) => [direction, state])).toContainEqual([
      'given',
      'cleared',
    ])
  })
})

describe('an issuer', () => {
  it('starts a new promise when the old one reaches what a promise may be worth', async () => {
    const t = await start({ maximumPromise: 250n })
    for (const target of [200n, 300n, 400n]) await t.pay(target)
    expect(t.sideB.ledger.received().map(({ amount }) => amount)).toEqual([250n, 150n])
    expect(t.linkB.benefiter.leftover()).toBe(400n)
  })

  it('stays within what may be at risk, whatever the peer says is left', async () => {
    const t = await start()
    expect(await t.pay(300n, 250n)).toEqual({ kind: 'paid', increase: 250n })
    expect(await t.pay(300n, 250n)).toEqual({ kind: 'limit', needed: 10n })
    t.linkA.issuer.consume('s', 200n)
    expect(await t.pay(300n, 250n)).toEqual({ kind: 'paid', increase: 200n })
    expect(t.payments.a.atRisk(t.sideB.identity.id)).toBe(250n)
  })

  it('does not promise what its own balance does not cover', async () => {
    const t = await start({}, 120n)
    expect(await t.pay(100n)).toEqual({ kind: 'paid', increase: 100n })
    expect(await t.pay(500n)).toEqual({ kind: 'paid', increase: 20n })
    expect(await t.pay(500n)).toEqual({ kind: 'refused', reason: 'promise-not-covered' })
    expect(t.payments.a.totals().payable).toBe(120n)
  })

  it('sends a promise whose answer was lost again as it was: it costs nothing more', async () => {
    const t = await start()
    await t.pay(100n)
    t.pair.network.set({ loss: 1 })
    const lost = t.linkA.issuer.payAhead({ target: 200n, maxAtRisk: 1_000n })
    expect((await t.settle(lost)).kind).toBe('failed')
    await t.clock.advance(70_000)
    t.pair.network.set({ loss: 0 })
    const again = await t.open()
    expect(t.sideA.ledger.given()).toMatchObject([{ amount: 200n, accepted: 100n }])
    const outcome = await t.settle(again.a.issuer.payAhead({ target: 200n, maxAtRisk: 200n }))
    expect(outcome).toEqual({ kind: 'paid', increase: 100n })
    expect(again.a.issuer.standing().promisedHere).toBe(0n)
    expect(t.sideA.ledger.given()).toMatchObject([{ amount: 200n, accepted: 200n }])
  })

  it('writes a cleared promise down at what was cleared, however late its copy of the chain comes', async () => {
    const t = await createPaymentPair()
    pairs.push(t)
    const copied = t.chain.clearings
    let isCopied = false
    t.chain.clearings = (...of) => (isCopied ? copied(...of) : [])
    const first = await t.open()
    const request = { maxAtRisk: 1_000n }
    await t.settle(first.a.issuer.payAhead({ ...request, target: 100n }))
    t.pair.network.set({ loss: 1 })
    await t.settle(first.a.issuer.payAhead({ ...request, target: 200n }))
    await t.clock.advance(70_000)
    t.pair.network.set({ loss: 0 })
    const { payments } = await t.open()
    await t.settle(payments.b.clear())
    await t.settle(payments.a.reconcile())
    expect(t.a.ledger.given()).toMatchObject([{ amount: 200n, accepted: 100n, cleared: false, stopped: true }])
    isCopied = true
    await t.settle(payments.a.reconcile())
    expect(t.a.ledger.given()).toMatchObject([{ amount: 100n, cleared: true }])
    expect(payments.a.atRisk(t.b.identity.id)).toBe(100n)
  })

  it('takes another promise for one that waits and became more than the peer accepts', async () => {
    const t = await start()
    await t.pay(100n)
    t.pair.network.set({ loss: 1 })
    await t.settle(t.linkA.issuer.payAhead({ target: 300n, maxAtRisk: 1_000n }))
    await t.clock.advance(70_000)
    t.pair.network.set({ loss: 0 })
    t.policy.maximumPromise = 150n
    const again = await t.open()
    const outcome = await t.settle(again.a.issuer.payAhead({ target: 200n, maxAtRisk: 1_000n }))
    expect(outcome).toEqual({ kind: 'paid', increase: 100n })
    expect(t.sideA.ledger.given()).toMatchObject([{ amount: 300n, accepted: 100n, stopped: true }, { amount: 100n }])
  })

  it('does not take up again what was cleared at a loss, whatever an advice asks for', async () => {
    const t = await start({}, 500n)
    await t.pay(300n)
    t.chain.deposit(t.sideA.identity.id, -300n)
    await t.settle(t.payments.b.clear(undefined, { acceptLess: true }))
    await t.settle(t.payments.a.reconcile())
    const before = t.sideA.ledger.given()
    expect(before).toMatchObject([{ amount: 200n, cleared: true }])
    const [update] = t.sideB.ledger.received()
    const { a, dialogues } = await t.open()
    await t.settle(
      dialogues.b.send(
        'payment-advice',
        adviceBody({ leftover: 300n, policy: t.policy, ...(update ? { update } : {}) }),
      ),
    )
    expect(t.sideA.ledger.given()).toEqual(before)
    expect(a.issuer.standing().leftover).toBe(200n)
  })

  it('takes no serial twice when its ledger is lost, however many it took in a moment', async () => {
    const t = await start({ updateAllowed: false })
    for (let target = 10n; target <= 200n; target += 10n) await t.pay(target)
    const before = t.sideA.ledger.lastGiven(t.sideB.identity.id)?.serial ?? 0n
    expect(t.sideA.ledger.given()).toHaveLength(20)
    await t.clock.advance(1_000)
    const fresh = withoutLedger(t)
    const again = await fresh.open()
    expect(await t.settle(again.issuer.payAhead({ target: 210n, maxAtRisk: 100n }))).toMatchObject({ kind: 'paid' })
    expect(fresh.ledger.lastGiven(t.sideB.identity.id)?.serial).toBeGreaterThan(before)
  })

  it('takes over its own promises from the advice when its ledger is lost, and pays on', async () => {
    const t = await start()
    await t.pay(300n)
    const fresh = withoutLedger(t)
    const again = await fresh.open()
    expect(fresh.ledger.given()).toMatchObject([{ amount: 300n, accepted: 300n }])
    expect(again.issuer.standing().leftover).toBe(0n)
    expect(await t.settle(again.issuer.payAhead({ target: 400n, maxAtRisk: 100n }))).toEqual({
      kind: 'paid',
      increase: 100n,
    })
    expect(t.sideB.ledger.received()).toMatchObject([{ amount: 400n }])
  })
})

describe('clearing', () => {
  it('takes the lowest serial first and lets a later one wait for one that fails', async () => {
    const t = await start({ updateAllowed: false }, 300n)
    await t.pay(200n)
    await t.pay(300n)
    t.chain.deposit(t.sideA.identity.id, -150n)
    const failed = await t.settle(t.payments.b.clear())
    expect(failed).toMatchObject([{ amount: 200n, uncovered: true, message: expect.stringContaining('holds less') }])
    t.chain.deposit(t.sideA.identity.id, 150n)
    const done = await t.settle(t.payments.b.clear())
    expect(done.map(({ amount, message }) => [amount, message])).toEqual([
      [200n, undefined],
      [100n, undefined],
    ])
    expect(await t.chain.balanceOf(t.sideB.identity.id)).toBe(297n)
    expect(await t.settle(t.payments.b.clear())).toEqual([])
  })

  it.each(['before', 'after'] as const)('goes on safely when the program dies %s the chain has it', async (moment) => {
    const t = await start()
    await t.pay(200n)
    t.chain.onClear = (when) => {
      if (when === moment) throw new Error('gone')
    }
    t.chain.lastClearedSerial = async (...of) => {
      const isCleared = t.chain.clearings(of[0], 1).length > 0
      if (isCleared && moment === 'after' && !isBack) throw new Error('gone')
      return t.chain.clearings(of[0], 1)[0]?.serial ?? 0n
    }
    let isBack = false
    await t.settle(t.payments.b.clear())
    expect(t.sideB.ledger.received()).toMatchObject([{ state: 'clearing', stopped: true }])
    t.chain.onClear = () => undefined
    isBack = true
    const again = await t.open()
    const results = await t.settle(again.payments.b.clear())
    expect(results.length).toBe(moment === 'before' ? 1 : 0)
    expect(t.sideB.ledger.received()).toMatchObject([{ state: 'cleared' }])
    expect(await t.chain.balanceOf(t.sideB.identity.id)).toBe(198n)
  })

  it('reports a chain that cannot be reached and keeps every promise', async () => {
    const t = await start()
    await t.pay(200n)
    t.chain.unreachable = true
    expect(await t.settle(t.payments.b.clear())).toMatchObject([{ amount: 200n, message: expect.any(String) }])
    expect(t.sideB.ledger.received()).toMatchObject([{ state: 'open' }])
  })
})

/** The same two identities, but the issuer's store is a new one. */
function withoutLedger({ sideB, pair, newSide, settle }: Awaited<ReturnType<typeof start>>) {
  const side = newSide(pair.identities.a)
  return {
    ledger: side.ledger,
    async open() {
      const [payments, b] = [side.start(), sideB.start()]
      const unsubscribe = pair.b.onIncoming((dialogue) => void b.attach(dialogue))
      const dialogue = await settle(pair.a.open(pair.identities.b.id, pair.contacts.b))
      const link = payments.attach(dialogue)
      await settle(link.issuer.advised())
      unsubscribe()
      return link
    },
  }
}
