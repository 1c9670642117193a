import { afterEach, describe, expect, it } from 'vitest'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { noGas } from '../testing/memory-chain.ts'
import { createRiskWorld, type RiskProvider, type RiskWorld } from '../testing/risk-world.ts'

const HOUR_MS = 3_600_000
const NEVER: ClearingPolicy = { atOnce: false, threshold: 0n, maxAgeMs: 0 }

const worlds: RiskWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop()
})

function start(options: Parameters<typeof createRiskWorld>[0] = {}) {
  const world = createRiskWorld({ isSharing: false, ...options })
  worlds.push(world)
  const provider = world.provider()
  /** As after it was accepted. */
  const hold = (one: RiskProvider, promise: SignedPromise) => {
    const nowMs = world.clock.now()
    one.ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs: nowMs, updatedAtMs: nowMs })
  }
  const owe = (issuer: ReturnType<RiskWorld['issuer']>, amount: bigint, serial = 5n) =>
    hold(provider, issuer.promise(provider.identity.id, amount, serial))
  const states = () => provider.ledger.received().map(({ serial, state }) => [serial, state])
  /** The next regular look. */
  const look = async () => {
    await world.clock.advance(60_000)
    await world.turns()
  }
  return { ...world, one: provider, hold, owe, states, look }
}

describe('clearing without being asked', () => {
  it('happens when a threshold is reached, and not before', async () => {
    const t = start({ clearing: { ...NEVER, threshold: MYST } })
    const issuer = t.issuer(100n * MYST)
    t.owe(issuer, MYST / 3n)
    await t.look()
    expect(t.states()).toEqual([[5n, 'open']])
    t.owe(issuer, MYST)
    await t.look()
    expect(t.states()).toEqual([[5n, 'cleared']])
    expect(t.copy.balanceOf(issuer.identity.id)).toBe(99n * MYST)
  })

  it('happens at an age, to the minute, also when the program was not running in between', async () => {
    const t = start({ clearing: { ...NEVER, maxAgeMs: HOUR_MS } })
    t.owe(t.issuer(100n * MYST), MYST / 3n)
    await t.clock.advance(HOUR_MS - 60_000)
    await t.turns()
    expect(t.states()).toEqual([[5n, 'open']])
    t.one.restart()
    await t.turns()
    expect(t.states()).toEqual([[5n, 'open']])
    await t.look()
    expect(t.states()).toEqual([[5n, 'cleared']])
  })

  it('follows another policy at once, and keeps it', async () => {
    const t = start({ clearing: NEVER })
    t.owe(t.issuer(100n * MYST), MYST / 3n)
    await t.look()
    expect(t.states()).toEqual([[5n, 'open']])
    t.one.risk.setPolicy({ ...NEVER, threshold: MYST / 4n })
    await t.turns()
    expect(t.states()).toEqual([[5n, 'cleared']])
    const again = t.one.restart()
    t.hold(again, t.issuer(100n * MYST).promise(again.identity.id, MYST / 4n))
    await t.look()
    expect(again.ledger.openReceived()).toEqual([])
  })

  it('happens when an issuer announces a withdrawal, well before it can be executed', async () => {
    const t = start({ clearing: NEVER, noticeS: 600 })
    const [leaving, staying] = [t.issuer(2n * MYST), t.issuer(2n * MYST)]
    t.owe(leaving, MYST / 3n)
    t.owe(staying, MYST / 3n)
    await t.look()
    const { executableAt } = await t.withdraw(leaving.identity, MYST / 10n)
    await t.turns()
    expect(t.clock.now()).toBeLessThan(executableAt * 1000)
    expect(t.one.ledger.received(leaving.identity.id)).toMatchObject([{ state: 'cleared' }])
    expect(t.one.ledger.received(staying.identity.id)).toMatchObject([{ state: 'open' }])
    // One clearing for one announcement: what comes after it is covered.
    t.owe(leaving, MYST / 3n, 6n)
    await t.look()
    expect(t.one.ledger.openReceived(leaving.identity.id).length).toBe(1)
    await t.withdraw(leaving.identity, (MYST * 3n) / 2n)
    await t.turns()
    expect(t.one.ledger.openReceived(leaving.identity.id)).toEqual([])
  })

  it('happens when others take from the account until it hardly covers what is owed', async () => {
    const t = start({ clearing: NEVER })
    const other = t.provider()
    const issuer = t.issuer(2n * MYST)
    t.owe(issuer, MYST / 3n)
    t.hold(other, issuer.promise(other.identity.id, (MYST * 3n) / 2n))
    await t.look()
    expect(t.states()).toEqual([[5n, 'open']])
    await t.settle(other.payments.clear())
    expect(t.copy.balanceOf(issuer.identity.id)).toBe(MYST / 2n)
    expect(t.states()).toEqual([[5n, 'open']])
    t.hold(other, issuer.promise(other.identity.id, MYST / 7n, 6n))
    await t.settle(other.payments.clear())
    await t.turns()
    expect(t.states()).toEqual([[5n, 'cleared']])
  })

  it('puts everything that is due into one transaction, and lets one that fails hold up nobody', async () => {
    const t = start({ clearing: { ...NEVER, threshold: MYST } })
    const issuers = [t.issuer(9n * MYST), t.issuer(9n * MYST), t.issuer(9n * MYST)]
    for (const issuer of issuers) t.owe(issuer, MYST)
    const bad = t.issuer(9n * MYST)
    t.hold(t.one, { ...bad.promise(t.one.identity.id, 2n * MYST), amount: MYST })
    await t.look()
    expect(t.sent).toEqual([{ kind: 'clearMany', promises: 4 }])
    expect(t.one.ledger.openReceived()).toMatchObject([{ issuer: bad.identity.id, state: 'open' }])
    // Left alone for a minute, then for twice as long each time, alone and by the estimate for nothing.
    await t.clock.advance(30 * 60_000)
    await t.turns()
    expect(t.sent.length).toBeGreaterThan(3)
    expect(t.sent.length).toBeLessThan(8)
  })

  it('clears serial after serial, the next only when the one before is on the chain', async () => {
    const t = start({ clearing: { ...NEVER, threshold: MYST }, blockMs: 12_000 })
    const issuer = t.issuer(9n * MYST)
    for (const serial of [5n, 6n, 7n]) t.owe(issuer, MYST, serial)
    await t.clock.advance(10_000)
    await t.turns()
    expect(t.states()).toEqual([
      [5n, 'clearing'],
      [6n, 'open'],
      [7n, 'open'],
    ])
    await t.clock.advance(12_000)
    await t.turns()
    expect(t.states()).toEqual([
      [5n, 'cleared'],
      [6n, 'clearing'],
      [7n, 'open'],
    ])
    await t.clock.advance(12_000)
    await t.turns()
    await t.clock.advance(12_000)
    await t.turns()
    expect(t.states()).toEqual([5n, 6n, 7n].map((serial) => [serial, 'cleared']))
    expect(t.sent.length).toBe(3)
  })

  it('waits for the next deposit when the account does not cover a promise, without trying in between', async () => {
    const t = start({ clearing: { ...NEVER, threshold: MYST } })
    const issuer = t.issuer(MYST)
    t.owe(issuer, 2n * MYST)
    await t.clock.advance(24 * HOUR_MS)
    await t.turns()
    expect(t.sent).toEqual([])
    t.deposit(issuer.identity.id, MYST)
    await t.turns()
    expect(t.states()).toEqual([[5n, 'cleared']])
  })

  it('takes what is there only when that is asked for, and never nothing at all', async () => {
    const t = start({ clearing: NEVER })
    const [poor, empty] = [t.issuer(MYST), t.issuer(0n)]
    t.owe(poor, 2n * MYST)
    t.owe(empty, 2n * MYST)
    const refused = { uncovered: true, message: expect.stringContaining('holds less') }
    expect(await t.settle(t.one.payments.clear())).toMatchObject([refused, refused])
    const results = await t.settle(t.one.payments.clear(undefined, { acceptLess: true }))
    const of = (issuer: typeof poor) => results.find(({ peer }) => peer === issuer.identity.id)
    expect(of(empty)).toMatchObject({ message: expect.stringContaining('holds less') })
    expect(of(poor)).toMatchObject({
      ...{ peer: poor.identity.id, serial: 5n, amount: 2n * MYST, cleared: MYST, fee: MYST / 100n },
      transaction: expect.stringMatching(/^0x/),
    })
    expect(t.one.ledger.openReceived()).toMatchObject([{ issuer: empty.identity.id }])
  })

  it('waits while the gas account cannot pay, and tells the issuer nothing before', async () => {
    const t = start({ clearing: { ...NEVER, threshold: MYST } })
    t.owe(t.issuer(9n * MYST), MYST)
    t.gas.available = t.gas.ofClearing - 1n
    await t.look()
    expect(t.one.ledger.openReceived()).toMatchObject([{ state: 'open', stopped: false }])
    t.gas.available = t.gas.ofClearing
    await t.look()
    await t.look()
    expect(t.one.ledger.openReceived()).toEqual([])
  })

  it('looks first after what was being cleared when the program ended, and sends nothing twice', async () => {
    const t = start({ clearing: NEVER })
    const [first, second] = [t.issuer(9n * MYST), t.issuer(9n * MYST)]
    for (const { promise } of [first, second]) {
      const nowMs = t.clock.now()
      const state = { state: 'clearing', stopped: true, createdAtMs: nowMs, updatedAtMs: nowMs } as const
      t.one.ledger.saveReceived({ ...promise(t.one.identity.id, MYST / 10n), ...state })
    }
    t.one.risk.stop()
    // Of one the transaction was mined after all.
    await t.settle(t.chain.clear(first.promise(t.one.identity.id, MYST / 10n), t.one.identity, noGas))
    const again = t.one.restart()
    await t.look()
    expect(again.ledger.openReceived()).toEqual([])
    expect(t.sent.length).toBe(2)
    expect(t.copy.clearings(first.identity.id, 9).length).toBe(1)
    expect(t.copy.clearings(second.identity.id, 9).length).toBe(1)
  })

  it('notices what somebody else had cleared for it', async () => {
    const t = start({ clearing: NEVER })
    const issuer = t.issuer(9n * MYST)
    t.owe(issuer, MYST / 3n)
    await t.settle(t.chain.clear(issuer.promise(t.one.identity.id, MYST / 3n), t.one.identity, noGas))
    await t.turns()
    expect(t.states()).toEqual([[5n, 'cleared']])
    expect(t.sent.length).toBe(1)
  })
})
