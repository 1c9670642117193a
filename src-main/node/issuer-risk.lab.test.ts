import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AppState } from '#shared/contract/state.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'
import { createIssuerRisk } from './issuer-risk.ts'
import { systemClock } from './lib/clock.ts'
import { silentLogger } from './lib/logger.ts'
import { createMarket, type Market } from './market.ts'
import { DEFAULT_CLEARING } from './payments/clearing-policy.ts'
import { createPayments } from './payments/create-payments.ts'
import { CALLED_OFF, type GasAccount, type Hex } from './ports/chain.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { Store } from './ports/store.ts'
import { createStateTree } from './state-tree.ts'
import { createLedgerRepository, type ReceivedPromise } from './storage/ledger-repository.ts'
import { migrate } from './storage/migrate.ts'
import { openStore } from './storage/open-store.ts'
import { type LocalChain, startLocalChain } from './testing/local-chain.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { createSigningIdentity } from './testing/signing-identity.ts'
import { GAS } from './wallet/gas-use.ts'

const DAY_MS = 86_400_000

let local: LocalChain
let gas: GasAccount
let store: Store
let market: Market
let one: ReturnType<typeof provider>

beforeAll(async () => {
  local = await startLocalChain()
  gas = await local.gasAccount(10_000n)
  store = openStore(':memory:')
  migrate(store)
  market = createMarket({ network: local.network, store, isOwn: () => false, clock: systemClock, log: silentLogger })
  market.follower.start()
  one = provider()
  await market.chain.register(one.identity, gas)
}, 60_000)
afterAll(async () => {
  one?.risk.stop()
  market?.follower.stop()
  store?.close()
  await local?.stop()
})

/** A provider on the real chain, whose policy goes by a clock that is held. */
function provider() {
  const identity = createSigningIdentity('provider')
  const clock = createManualClock(Date.now())
  const ledger = createLedgerRepository(store, identity.id)
  const state = createStateTree({
    wallet: { clearingPolicy: DEFAULT_CLEARING },
    share: { state: 'off' },
    connection: { name: 'disconnected' },
  } as AppState)
  const deps = { market, store, ledger, state, clock, log: silentLogger }
  const issuerRisk = createIssuerRisk(deps, { identity, gas })
  const { chain, registry, facts, blocks } = market
  const payments = createPayments({
    ...{ identity, chain, registry, ledger, facts, clock, sharing: issuerRisk.sharing, log: silentLogger },
    gas: () => gas,
    policy: () => ({
      ...{ minimumIncrease: 1n, maximumPromise: 100n * MYST, updateAllowed: true, freeTrial: 0n, feeBps: 100 },
    }),
    clearings: blocks.clearings,
    accounts: blocks,
  })
  const nobody = {
    open: () => Promise.reject(new Error('nobody is asked here')),
    onIncoming: () => () => undefined,
    stop: async () => undefined,
  }
  const risk = issuerRisk.watch({ payments, dialogues: nobody, maximumPromise: () => 100n * MYST })
  /** Resolves when nothing of this issuer is open any more. */
  const cleared = (issuer: UnlockedIdentity) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (ledger.openReceived(issuer.id).length > 0) return
        unsubscribe()
        resolve()
      }
      const unsubscribe = payments.onChange(check)
      check()
    })
  return { identity, clock, ledger, state, payments, risk, cleared }
}

async function issuer(name: string, deposit: bigint): Promise<UnlockedIdentity> {
  const identity = createSigningIdentity(name)
  await market.chain.register(identity, gas)
  const { blockNumber } = await market.chain.deposit(identity.id, deposit, gas)
  await market.follower.reached(blockNumber)
  return identity
}

function owe(from: UnlockedIdentity, amount: bigint, change: Partial<SignedPromise> = {}): void {
  const bare = { issuer: from.id, serial: 5n, benefiter: one.identity.id, amount }
  const signature = from.signTypedData(market.chain.promiseTypedData(bare))
  const nowMs = one.clock.now()
  const kept = { state: 'open', stopped: false, createdAtMs: nowMs, updatedAtMs: nowMs } as const
  one.ledger.saveReceived({ ...bare, signature, ...kept, ...change })
}

async function gasUsed(hash: string): Promise<bigint> {
  const receipt = await local.control('eth_getTransactionReceipt', hash)
  return BigInt(z.object({ gasUsed: z.string() }).parse(receipt).gasUsed)
}

describe('a provider on the real contracts', () => {
  it('clears at its threshold, and at an age, by itself', async () => {
    const [much, little] = [await issuer('much', 5n * MYST), await issuer('little', 5n * MYST)]
    one.risk.setPolicy({ ...DEFAULT_CLEARING, threshold: MYST / 2n })
    expect(one.state.get().wallet.clearingPolicy.threshold).toBe(MYST / 2n)
    owe(much, MYST / 2n)
    owe(little, MYST / 4n)
    const views = await one.risk.views()
    expect(views.find((view) => view.issuer === much.id)).toMatchObject({
      ...{ balance: 5n * MYST, outstandingHere: MYST / 2n, exposure: (9n * MYST) / 2n, credit: MYST / 2n },
      ...{ clearedHere: 0n, clearedInAll: 0n, withdrawalAnnounced: false, clearing: 'threshold' },
      registeredValue: market.registry.registeredValue(much.id),
    })
    expect(views.find((view) => view.issuer === little.id)).toMatchObject({ clearing: 'waiting' })
    expect(views[0]?.clearingGas).toBeGreaterThan(0n)
    await one.clock.advance(60_000)
    await one.cleared(much)
    expect(one.ledger.openReceived(little.id).length).toBe(1)
    await one.clock.advance(DAY_MS)
    await one.cleared(little)
    expect(await market.chain.balanceOf(little.id)).toBe(5n * MYST - MYST / 4n)
  }, 60_000)

  it('clears when a withdrawal is announced, before it can be executed', async () => {
    const leaving = await issuer('leaving', MYST)
    owe(leaving, MYST / 4n)
    const to = `0x${'7'.repeat(40)}` as Hex
    await market.chain.announceWithdrawal(leaving, MYST, to, gas)
    await one.cleared(leaving)
    expect(await market.chain.balanceOf(leaving.id)).toBe(MYST - MYST / 4n)
    await expect(market.chain.executeWithdrawal(leaving.id, gas)).rejects.toMatchObject({
      details: { error: 'WithdrawalTooEarly' },
    })
  }, 60_000)

  it('takes no notice of a withdrawal that was called off', async () => {
    const staying = await issuer('staying', MYST)
    const to = `0x${'7'.repeat(40)}` as Hex
    await market.chain.announceWithdrawal(staying, MYST, to, gas)
    const { blockNumber } = await market.chain.announceWithdrawal(staying, CALLED_OFF, to, gas)
    await market.follower.reached(blockNumber)
    owe(staying, MYST / 8n)
    const views = await one.risk.views()
    const view = views.find(({ issuer }) => issuer === staying.id)
    expect(view).toMatchObject({ withdrawalAnnounced: false, balance: MYST, verdict: 'covered' })
    expect(view?.clearing).not.toBe('withdrawal-announced')
    one.ledger.saveReceived({ ...one.ledger.openReceived(staying.id)[0], state: 'cleared' } as ReceivedPromise)
  }, 60_000)

  it('clears several issuers in one transaction, of which a bad one keeps only its own', async () => {
    const good = [await issuer('first', MYST), await issuer('second', MYST), await issuer('third', MYST)]
    const [bad, poor] = [await issuer('bad', MYST), await issuer('poor', MYST)]
    for (const each of good) owe(each, MYST / 2n)
    owe(bad, MYST / 2n, { amount: MYST / 2n + 1n })
    owe(poor, 2n * MYST)
    const before = await market.chain.head()
    await one.clock.advance(60_000)
    await Promise.all(good.map(one.cleared))
    const { number } = await market.chain.head()
    const events = await market.chain.events(before.number + 1, number)
    const transactions = new Set(events.map(({ transactionHash }) => transactionHash))
    expect(events.length).toBe(3)
    expect(transactions.size).toBe(1)
    for (const each of good) expect(await market.chain.balanceOf(each.id)).toBe(MYST / 2n)
    expect(one.ledger.openReceived().map(({ issuer }) => issuer)).toEqual([bad.id, poor.id].sort())

    // What the account does not cover waits for the next deposit, and for nothing else.
    const { blockNumber } = await market.chain.deposit(poor.id, MYST, gas)
    await market.follower.reached(blockNumber)
    await one.cleared(poor)
    expect(await market.chain.balanceOf(poor.id)).toBe(0n)
  }, 60_000)

  it('takes less when that is asked for, and says how much', async () => {
    const short = await issuer('short', MYST)
    owe(short, 3n * MYST)
    const [refused] = await one.payments.clear(short.id)
    expect(refused).toMatchObject({ amount: 3n * MYST, uncovered: true })
    const [less] = await one.payments.clear(short.id, { acceptLess: true })
    expect(less).toMatchObject({ amount: 3n * MYST, cleared: MYST, fee: MYST / 100n })
    const used = await gasUsed(less?.transaction ?? '')
    expect(used).toBeLessThan(GAS.clearNext)
    expect(used).toBeGreaterThan((GAS.clearNext * 8n) / 10n)
  }, 60_000)
})
