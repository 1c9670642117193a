import { expect } from 'vitest'

import { MYST } from '#shared/model/units.ts'
import { least, most } from '../lib/amounts.ts'
import type { PayOutcome } from '../payments/issuer.ts'
import { adviceBody, PAYMENT_ADVICE } from '../protocol/payment.ts'
import type { PaymentModel } from './payment-model.ts'
import type { PaymentWorld } from './payment-world.ts'

export const MAX_AT_RISK = 500n

/** What may happen to the two next. */
export type Step =
  | { do: 'pay'; target: bigint }
  | { do: 'use'; percent: bigint }
  | { do: 'use unheard'; percent: bigint; sides: Sides }
  | { do: 'clear'; acceptLess: boolean }
  | { do: 'clear crossing'; target: bigint; turns: number; updateFirst: boolean }
  | { do: 'clear and crash'; when: 'before' | 'after' }
  | { do: 'deposit'; amount: bigint }
  | { do: 'announce withdrawal'; amount: bigint }
  | { do: 'execute withdrawal' }
  | { do: 'policy'; change: Policy; tell: boolean }
  | { do: 'restart'; sides: Sides; endSession: boolean }
  | { do: 'cut while paying'; more: bigint; turns: number; sides: Sides }
  /** A small amount is in flight; the minimum is raised above it, so that it goes with what is added. */
  | { do: 'outgrow'; more: bigint; target: bigint }
  | { do: 'chain away'; target: bigint; turns: number }
  | { do: 'lie'; leftover: bigint; withUpdate: boolean; target: bigint }
  | { do: 'lose ledger' }
  | { do: 'weather'; weather: { loss: number; duplication: number; reorder: number } }
type Sides = { a: boolean; b: boolean }
type Policy = { updateAllowed: boolean; minimumIncrease: bigint; maximumPromise: bigint }

/** Takes steps in the world and in the model, and compares the two after each. */
export function createPaymentRun(world: PaymentWorld, model: PaymentModel) {
  const { t } = world
  const issuer = t.a.identity.id
  let isFair = true
  /** False: the issuer may not have heard what the benefiter's advice would say now. */
  let isTold = true
  let seen = 0

  const pay = (amount: bigint): Promise<PayOutcome> =>
    world.links().a.issuer.payAhead({ target: amount, maxAtRisk: MAX_AT_RISK })
  const clear = (acceptLess = false) => world.links().payments.b.clear(issuer, { acceptLess })

  /** Reads off what was signed, accepted and cleared since, as the issuer came to know it; what may never be is refused here. */
  function readOff() {
    for (const { serial, amount, clearedBefore } of world.signed.slice(seen)) {
      // What it knew to be cleared for less, it could charge for less. Cleared before that were the serials below.
      const last = clearedBefore.reduce(most, 0n)
      if (clearedBefore.some((known) => model.promises.get(known)?.cleared === undefined)) {
        readAccepted(last)
        readCleared(last)
      }
      expect(model.promised(serial, amount)).toBeUndefined()
    }
    seen = world.signed.length
    readAccepted()
    for (const { serial, accepted } of world.books().given) {
      const known = model.promises.get(serial)
      expect(accepted <= (known?.held ?? 0n), `${accepted} under ${serial}: not more than is held`).toBe(true)
      if (known) known.acknowledged = accepted > 0n
    }
    readCleared()
  }

  function readAccepted(upTo?: bigint) {
    for (const { serial, amount, stopped } of world.books().received) {
      if (upTo !== undefined && serial > upTo) continue
      const known = model.promises.get(serial)
      expect(amount <= (known?.signed ?? 0n), `${amount} accepted under ${serial}: it was signed`).toBe(true)
      expect(amount >= (known?.held ?? 0n), `${amount} held under ${serial}: no less than before`).toBe(true)
      if (!known) continue
      if (amount > known.held) model.accepted(serial, amount)
      known.closed ||= stopped
    }
  }

  function readCleared(upTo?: bigint) {
    for (const { serial, amount } of [...world.books().clearings].reverse()) {
      if (upTo !== undefined && serial > upTo) continue
      const known = model.promises.get(serial)
      if (known?.cleared === undefined) {
        expect(amount, `cleared under ${serial}: what is held, or what there was`).toBe(
          least(known?.held ?? 0n, model.balance),
        )
        if (known) model.cleared(known, amount)
      } else expect(amount, `${serial} is cleared once`).toBe(known.cleared)
    }
  }

  async function reopen(sides: Sides) {
    readOff()
    model.sessionOver()
    await world.reopen(sides)
    afterOpening()
  }

  function afterOpening() {
    readOff()
    isTold = true
    model.advised()
    adopt()
  }

  /** In bad weather it is open which advice the issuer has heard: what it learned and stopped is read off. */
  function adopt() {
    for (const { serial, stopped } of world.books().given) {
      const known = model.promises.get(serial)
      if (known?.forgotten) model.learned(known)
      if (known && stopped) known.stopped = true
    }
  }

  async function take(step: Step): Promise<void> {
    await t.clock.advance(1_000)
    await act(step)
    await conclude()
  }

  async function conclude(): Promise<void> {
    await t.turns(8)
    if (world.isOver()) await reopen({ a: false, b: false })
    await t.settle(world.links().payments.a.reconcile())
    readOff()
    if (isFair && isTold) model.advised()
    else adopt()
    check()
  }

  async function act(step: Step): Promise<void> {
    switch (step.do) {
      case 'pay': {
        const expected = isFair && isTold ? model.pay(step.target) : undefined
        const outcome = await t.settle(pay(step.target))
        if (expected) expect(outcome).toMatchObject(expected)
        return
      }
      case 'use': {
        const amount = (model.left * step.percent) / 100n
        // Metering does not go over the network here, so that an advice from before it may come after it.
        if (!isFair) model.hasDrifted = true
        model.used(amount, world.links().a.issuer.standing().claimed)
        world.use(amount, true)
        return
      }
      case 'use unheard': {
        const amount = (model.left * step.percent) / 100n
        model.used(amount, undefined)
        model.hasDrifted = true
        world.use(amount, false)
        return reopen(step.sides)
      }
      case 'clear': {
        await t.settle(clear(step.acceptLess))
        readOff()
        const [next] = model.open().filter(({ held }) => held > 0n)
        expect(next === undefined || (!step.acceptLess && next.held > model.balance), 'all that is covered').toBe(true)
        return
      }
      case 'clear crossing': {
        const first = step.updateFirst ? pay(step.target) : clear()
        await t.turns(step.turns)
        await t.settle(Promise.all([first, step.updateFirst ? clear() : pay(step.target)]))
        return
      }
      case 'clear and crash':
        t.chain.onClear = (when) => {
          if (when === step.when) throw new Error('the program is gone')
        }
        await t.settle(clear())
        t.chain.onClear = () => undefined
        return reopen({ a: false, b: true })
      case 'deposit':
        t.chain.deposit(issuer, step.amount)
        model.balance += step.amount
        return
      case 'announce withdrawal':
        await t.chain.announceWithdrawal(t.a.identity, step.amount)
        model.leaving = step.amount
        return
      case 'execute withdrawal':
        await t.clock.advance(61_000)
        if (model.leaving === 0n || model.balance === 0n) return
        model.balance -= (await t.chain.executeWithdrawal(issuer)).amount
        model.leaving = 0n
        return
      case 'policy':
        Object.assign(t.policy, step.change)
        isTold = step.tell && (await t.settle(world.links().b.benefiter.advise().then(yes, no)))
        return
      case 'restart':
        if (step.endSession) world.endSession()
        return reopen(step.sides)
      case 'cut while paying': {
        const paying = pay(model.left + step.more)
        await t.turns(step.turns)
        t.pair.network.set({ loss: 1 })
        await t.turns(6)
        t.pair.network.set({ loss: 0 })
        await reopen(step.sides)
        await t.settle(paying)
        return
      }
      case 'outgrow': {
        await act({ do: 'cut while paying', more: step.more, turns: 0, sides: { a: false, b: false } })
        await conclude()
        const minimumIncrease = model.inFlight() + 1n
        const change = { updateAllowed: true, minimumIncrease, maximumPromise: 50n * MYST }
        await act({ do: 'policy', change, tell: true })
        await conclude()
        return act({ do: 'pay', target: model.left + step.target })
      }
      case 'chain away': {
        const paying = pay(step.target)
        await t.turns(step.turns)
        t.chain.unreachable = true
        await t.settle(paying)
        t.chain.unreachable = false
        return
      }
      case 'lie': {
        if (!isFair) return
        // What it says first is what it is held to.
        await reopen({ a: false, b: false })
        const last = t.b.ledger.lastReceived(issuer)
        const known = last && model.promises.get(last.serial)
        // Who lost its ledger takes up what it signed; to raise what is cleared already gains nobody anything.
        const isSpent = known?.forgotten && known.cleared !== undefined
        const update = step.withUpdate && !isSpent ? last : undefined
        const lie = { leftover: step.leftover, policy: t.policy, ...(update ? { update } : {}) }
        await t.settle(world.links().dialogues.b.send(PAYMENT_ADVICE, adviceBody(lie)))
        model.advised(update && known)
        const denies = step.leftover < model.left
        if (denies) expect(world.accusations.splice(0), 'what it denies is held against it').toEqual(['wrong-leftover'])
        const outcome = await t.settle(pay(step.target))
        if (denies) expect(outcome.kind, 'and it is paid nothing more').toBe('failed')
        return reopen({ a: false, b: false })
      }
      case 'lose ledger':
        readOff()
        model.sessionOver()
        model.lostLedger()
        await world.loseLedger()
        return afterOpening()
      case 'weather':
        t.pair.network.set({ ...step.weather, jitterMs: 300 })
        isFair = Object.values(step.weather).every((chance) => chance === 0)
        isTold = false
    }
  }

  function check() {
    expect(world.accusations, 'nobody who is honest is accused').toEqual([])
    const { given, left, risk, received, earned } = world.books()
    const { links } = world
    expect(model.risk() <= MAX_AT_RISK, `never more at risk than allowed: ${model.risk()}`).toBe(true)
    expect(risk, 'the issuer reckons what it has signed, less what was earned').toBe(model.leftover())
    expect(left, 'the benefiter has left what it accepted, less what was used').toBe(model.left)
    if (isFair && isTold) expect(links().a.issuer.standing().claimed, 'and says so').toBe(model.left)
    for (const { serial, signed, cleared } of model.known()) {
      const promise = given.find((one) => one.serial === serial)
      if (cleared === undefined || promise) expect(promise?.amount, `${serial} is written down`).toBe(cleared ?? signed)
    }
    if (!model.hasDrifted) {
      const ahead = model.leftover() - model.left
      expect(ahead >= 0n && ahead <= model.inFlight(), `${ahead} apart, ${model.inFlight()} in flight`).toBe(true)
    }
    const accepted = received.reduce((sum, { amount }) => sum + amount, 0n)
    expect(earned + left, 'what was credited is used or left').toBe(accepted + t.policy.freeTrial)
  }

  /** At last: everything is covered, cleared and known; the books of the two and of the contract are one. */
  async function settleUp() {
    t.pair.network.set({ loss: 0, duplication: 0, reorder: 0 })
    isFair = true
    await reopen({ a: true, b: true })
    const cover = model.open().reduce((sum, { held }) => sum + held, 1n)
    t.chain.deposit(issuer, cover)
    model.balance += cover
    await act({ do: 'clear', acceptLess: false })
    await reopen({ a: true, b: true })
    await t.settle(world.links().payments.a.reconcile())
    check()
    const { given, received, clearings } = world.books()
    expect(received.every(({ state }) => state === 'cleared')).toBe(true)
    const paid = new Map(clearings.map(({ serial, amount }) => [serial, amount]))
    for (const { serial, amount, cleared } of given) {
      if (cleared) expect(amount, `${serial} was paid`).toBe(paid.get(serial) ?? 0n)
      else expect(model.promises.get(serial)?.held, `${serial} never arrived`).toBe(0n)
    }
    expect(world.links().payments.b.totals().receivable).toBe(0n)
    expect(await t.chain.balanceOf(issuer)).toBe(model.balance)
    const earned = clearings.reduce((sum, { amount }) => sum + amount - amount / 100n, 0n)
    expect(await t.chain.balanceOf(t.b.identity.id)).toBe(earned)
  }

  return { take, settleUp }
}

const yes = () => true
const no = () => false
