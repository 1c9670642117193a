import { afterEach, describe, expect, it } from 'vitest'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { PAYMENT_ADVICE, PAYMENT_PROPOSAL, proposalBody } from '../protocol/payment.ts'
import { createRiskWorld, type RiskProvider, type RiskWorld } from '../testing/risk-world.ts'

const NEVER = { atOnce: false, threshold: 0n, maxAgeMs: 0 }
const PART = MYST / 10n

let world: RiskWorld
afterEach(() => world.stop())

/** Two providers, and an issuer in a dialogue with the first, to which it has promised four tenths of a MYST. */
async function start() {
  world = createRiskWorld({ clearing: NEVER, isSharing: false })
  const [first, second] = [world.provider(), world.provider()]
  const issuer = world.issuer(MYST)
  const dialogue = await world.settle(issuer.dialogues.open(first.identity.id, first.contacts))
  dialogue.handle(PAYMENT_ADVICE, () => undefined)
  await world.turns()
  const offer = async (promise: SignedPromise) => {
    const reply = await world.settle(dialogue.request(PAYMENT_PROPOSAL, proposalBody(promise)))
    return reply.type === 'payment-refuse' ? (reply.body as { reason: string }).reason : 'accepted'
  }
  const open = first.payments.dialogueWith(issuer.identity.id)
  if (!open) throw new Error('the provider did not hear of the dialogue')
  const { benefiter } = first.payments.attach(open)
  expect(await offer(issuer.promise(first.identity.id, 4n * PART))).toBe('accepted')
  const hold = (one: RiskProvider, promise: SignedPromise) =>
    one.ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs: 1, updatedAtMs: 1 })
  return { first, second, issuer, offer, benefiter, hold }
}

describe('what is left of a promise', () => {
  it('is worth as much as the account can pay, and no session goes on beyond', async () => {
    const t = await start()
    expect(t.benefiter.leftover()).toBe(4n * PART)
    t.hold(t.second, t.issuer.promise(t.second.identity.id, 8n * PART))
    await world.settle(t.second.payments.clear())
    // Two tenths are there for four that are owed: half of what is left is backed.
    expect(t.benefiter.leftover()).toBe(2n * PART)
    expect(t.benefiter.charge('s', PART, () => undefined)).toEqual({ leftover: PART, unpaid: 0n })
    expect(t.benefiter.charge('s', 3n * PART, () => undefined)).toEqual({ leftover: 0n, unpaid: 0n })
    world.deposit(t.issuer.identity.id, MYST)
    expect(t.benefiter.leftover()).toBe(PART)
  })

  it('is shared with those to whom as much was promised, as soon as they tell', async () => {
    const t = await start()
    const { sharing } = t.first
    const elsewhere = t.issuer.promise(t.second.identity.id, 12n * PART)
    t.first.shared.save({ ...elsewhere, heardAtMs: world.clock.now() }, { ofIssuer: 9, inAll: 9 })
    expect(sharing.outstandingElsewhere(t.issuer.identity.id)).toBe(12n * PART)
    // A MYST for sixteen tenths: a quarter of it is for this provider.
    expect(t.benefiter.leftover()).toBe((10n * PART) / 4n)
    expect(await t.offer(t.issuer.promise(t.first.identity.id, 5n * PART))).toBe('promise-not-covered')
  })

  it('is not less because a withdrawal is announced, nor in the moment of a clearing', async () => {
    const t = await start()
    await world.withdraw(t.issuer.identity, MYST)
    expect(t.benefiter.leftover()).toBe(4n * PART)
    t.hold(t.second, t.issuer.promise(t.second.identity.id, 6n * PART))
    await world.settle(t.second.payments.clear())
    let during: bigint | undefined
    const clear = world.chain.clear
    world.chain.clear = async (...of) => {
      const result = await clear(...of)
      // The copy of the chain has it, the ledger not yet.
      during = t.benefiter.leftover()
      return result
    }
    await world.settle(t.first.payments.clear())
    expect(during).toBe(4n * PART)
    expect(t.benefiter.leftover()).toBe(4n * PART)
  })
})
