import { afterEach, describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'

import { createRiskWorld, type RiskProvider, type RiskWorld } from '../testing/risk-world.ts'

const NEVER = { atOnce: false, threshold: 0n, maxAgeMs: 0 }
/** Just worth telling: a twentieth of the default threshold. */
const WORTH = MYST / 20n

let world: RiskWorld
afterEach(() => world.stop())

function start(providers: number, options: Parameters<typeof createRiskWorld>[0] = {}) {
  world = createRiskWorld({ clearing: NEVER, random: () => 0, ...options })
  const all = Array.from({ length: providers }, () => world.provider())
  const issuer = world.issuer(100n * MYST)
  const owe = (one: RiskProvider, amount: bigint, serial = 5n) => {
    const nowMs = world.clock.now()
    const promise = issuer.promise(one.identity.id, amount, serial)
    one.ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs: nowMs, updatedAtMs: nowMs })
  }
  const elsewhere = (one: RiskProvider) => one.sharing.outstandingElsewhere(issuer.identity.id)
  /** The next regular look, and what needs no time after it. */
  const round = async () => {
    await world.clock.advance(15_000)
    await world.turns(60)
  }
  return { all: all as [RiskProvider, RiskProvider, ...RiskProvider[]], issuer, owe, elsewhere, round }
}

describe('a provider', () => {
  it('asks others about who owes it something, and both then know', async () => {
    const { all, owe, elsewhere, round } = start(2)
    owe(all[0], WORTH)
    owe(all[1], 2n * WORTH)
    await round()
    expect([elsewhere(all[0]), elsewhere(all[1])]).toEqual([2n * WORTH, WORTH])
  })

  it('asks nobody about what is too small, nor while it does not share', async () => {
    const { all, owe, elsewhere, round } = start(2)
    owe(all[0], WORTH - 1n)
    owe(all[1], WORTH)
    await round()
    expect([elsewhere(all[0]), elsewhere(all[1])]).toEqual([WORTH, 0n])
    await world.stop()
    const silent = start(2, { isSharing: false })
    silent.owe(silent.all[0], WORTH)
    silent.owe(silent.all[1], WORTH)
    await silent.round()
    expect([silent.elsewhere(silent.all[0]), silent.elsewhere(silent.all[1])]).toEqual([0n, 0n])
  })

  it('asks four about each at most, and one whom the chain shows to be paid by it', async () => {
    const { all, issuer, owe, round } = start(12)
    const last = all.at(-1)
    if (!last) throw new Error('there are twelve')
    owe(last, MYST, 4n)
    await world.settle(last.payments.clear())
    owe(all[0], WORTH)
    await round()
    const told = all.filter((one) => one.sharing.benefitersOf(issuer.identity.id).includes(all[0].identity.id))
    expect(told.length).toBeGreaterThan(1)
    expect(told.length).toBeLessThan(5)
    expect(told).toContain(last)
  })

  it('meets the others that are paid by the same issuer, however many are not', async () => {
    const { all, owe, elsewhere, round } = start(60, { random: Math.random })
    const paid = [all[3], all[20], all[40], all[59]].flatMap((one) => one ?? [])
    for (const one of paid) owe(one, WORTH)
    await round()
    await round()
    await round()
    expect(paid.map(elsewhere)).toEqual(paid.map(() => 3n * WORTH))
    // Each knows what concerns it, those where they met, and a few whom somebody asked; the rest knows nothing.
    expect(all.filter((one) => elsewhere(one) > 0n).length).toBeLessThan(30)
  })

  it('asks again when somebody owes noticeably more, and otherwise less and less often', async () => {
    const { all, owe, elsewhere, round } = start(2)
    owe(all[0], WORTH)
    await round()
    expect(elsewhere(all[1])).toBe(WORTH)
    await world.clock.advance(1_200_000)
    owe(all[0], (WORTH * 109n) / 100n)
    await round()
    expect(elsewhere(all[1])).toBe(WORTH)
    owe(all[0], (WORTH * 110n) / 100n)
    await round()
    expect(elsewhere(all[1])).toBe((WORTH * 110n) / 100n)
    await world.clock.advance(1_200_000)
    owe(all[0], (WORTH * 111n) / 100n)
    await round()
    expect(elsewhere(all[1])).toBe((WORTH * 110n) / 100n)
    await world.clock.advance(600_000)
    await world.turns(60)
    expect(elsewhere(all[1])).toBe((WORTH * 111n) / 100n)
  })

  it('uses a dialogue that goes on, which another would end', async () => {
    const { all, issuer, owe, elsewhere, round } = start(2)
    owe(all[0], WORTH)
    owe(all[1], WORTH)
    // The second is a customer of the first.
    const dialogue = await world.settle(all[1].dialogues.open(all[0].identity.id, all[0].contacts))
    all[1].payments.attach(dialogue)
    await world.turns()
    await round()
    expect(dialogue.state).toBe('open')
    expect([elsewhere(all[0]), elsewhere(all[1])]).toEqual([WORTH, WORTH])
    expect(all[0].sharing.benefitersOf(issuer.identity.id)).toEqual([all[1].identity.id])
  })

  it('is not held up by one that is away', async () => {
    const { all, owe, elsewhere, round } = start(3)
    for (const one of all) owe(one, WORTH)
    world.network.cut(all[1].identity.id, true)
    await round()
    await world.clock.advance(10_000)
    await world.turns(60)
    expect(elsewhere(all[0])).toBe(WORTH)
    expect(elsewhere(all[1])).toBe(0n)
  })
})
