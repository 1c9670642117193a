import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'

import { createChain } from '../chain/create-chain.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { createLedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createDialoguePair, type DialoguePair } from '../testing/dialogue-pair.ts'
import { type FollowingNode, startFollowingNode } from '../testing/following-node.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createChainFacts } from './chain-facts.ts'
import { createPayments, type Payments } from './create-payments.ts'

let local: LocalChain
let chain: Chain
let gas: GasAccount
let pair: DialoguePair
let copy: FollowingNode

beforeAll(async () => {
  local = await startLocalChain()
  chain = createChain({ network: local.network, clock: systemClock })
  gas = await local.gasAccount()
  pair = await createDialoguePair()
  await chain.register(pair.identities.a, gas)
  await chain.register(pair.identities.b, gas)
  const { blockNumber } = await chain.deposit(pair.identities.a.id, 3n * MYST, gas)
  copy = startFollowingNode({ chain, network: local.network })
  await copy.follower.reached(blockNumber)
}, 60_000)
afterAll(async () => {
  await pair?.stop()
  copy?.stop()
  await local?.stop()
})

function paymentsOf(identity: UnlockedIdentity): Payments {
  const store = openStore(':memory:')
  migrate(store)
  return createPayments({
    identity,
    chain,
    facts: createChainFacts({ chain, follower: copy.follower, accounts: copy.blocks }),
    firstCredit: 10n * MYST,
    gas: () => gas,
    registry: { ...pair.registry, registeredValue: () => 10n * MYST },
    ledger: createLedgerRepository(store, identity.id),
    clock: systemClock,
    log: silentLogger,
    policy: () => ({
      minimumIncrease: 1n,
      maximumPromise: 100n * MYST,
      updateAllowed: true,
      freeTrial: 0n,
      feeBps: 100,
    }),
  })
}

describe('promises on the real contracts', () => {
  it('are paid ahead, updated, cleared with both signatures, and followed by a new serial', async () => {
    const [consumer, provider] = [paymentsOf(pair.identities.a), paymentsOf(pair.identities.b)]
    pair.b.onIncoming((dialogue) => void provider.attach(dialogue))
    const { issuer } = consumer.attach(await pair.a.open(pair.identities.b.id, pair.contacts.b))
    await issuer.advised()
    const pay = (target: bigint) => issuer.payAhead({ target, maxAtRisk: 10n * MYST })
    expect((await pay(MYST)).kind).toBe('paid')
    expect((await pay(2n * MYST)).kind).toBe('paid')
    const first = await provider.clear()
    expect(first).toEqual([
      {
        peer: pair.identities.a.id,
        serial: expect.any(BigInt),
        amount: 2n * MYST,
        cleared: 2n * MYST,
        fee: MYST / 50n,
        transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        gasPaid: expect.any(BigInt),
      },
    ])
    expect(await chain.balanceOf(pair.identities.b.id)).toBe(2n * MYST - MYST / 50n)
    expect(await chain.balanceOf(pair.identities.a.id)).toBe(MYST)
    expect(await pay(3n * MYST)).toEqual({ kind: 'paid', increase: MYST })
    expect(await pay(4n * MYST)).toEqual({ kind: 'refused', reason: 'promise-not-covered' })
    await provider.clear(pair.identities.a.id)
    expect(await chain.balanceOf(pair.identities.a.id)).toBe(0n)
    expect(await provider.clear()).toEqual([])
    expect(provider.totals().receivable).toBe(0n)
    await consumer.reconcile()
    expect(consumer.totals().payable).toBe(0n)
  }, 60_000)
})
