import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { createChain } from '../chain/create-chain.ts'
import { systemClock } from '../lib/clock.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import { type FollowingNode, startFollowingNode } from '../testing/following-node.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createTestIdentity } from '../testing/memory-registry.ts'
import { createChainFacts } from './chain-facts.ts'
import type { ChainFacts } from './deps.ts'

const [issuer, benefiter] = [createTestIdentity(), createTestIdentity()]
let local: LocalChain
let chain: Chain
let gas: GasAccount
let copy: FollowingNode
let facts: ChainFacts

beforeAll(async () => {
  local = await startLocalChain()
  chain = createChain({ network: local.network, clock: systemClock })
  gas = await local.gasAccount()
  await chain.register(issuer, gas)
  const { blockNumber } = await chain.register(benefiter, gas)
  // It looks once; after that only when it is asked to.
  copy = startFollowingNode({ chain, network: local.network, pollMs: 3_600_000 })
  facts = createChainFacts({ chain, follower: copy.follower, accounts: copy.blocks })
  await copy.follower.reached(blockNumber)
}, 60_000)
afterAll(async () => {
  copy?.stop()
  await local?.stop()
})

describe('facts of the own copy of the chain', () => {
  it('are those of the last look, and of now when it catches up', async () => {
    await chain.deposit(issuer.id, 3n * MYST, gas)
    expect(facts.balanceOf(issuer.id)).toBe(0n)
    await Promise.all([facts.catchUp(), facts.catchUp()])
    expect(facts.balanceOf(issuer.id)).toBe(3n * MYST)
    expect(facts.isCurrent()).toBe(true)
  })

  it('leave out what is announced to be withdrawn', async () => {
    await chain.announceWithdrawal(issuer, MYST, gas.address, gas)
    await facts.catchUp()
    expect(facts.balanceOf(issuer.id)).toBe(2n * MYST)
  })

  it('tell what was cleared to one and to all, the latest too', async () => {
    const history = () => facts.cleared(issuer.id, benefiter.id)
    const clear = async (serial: bigint, to: typeof issuer) => {
      const bare = { issuer: issuer.id, serial, benefiter: to.id, amount: MYST / 2n }
      const signature = issuer.signTypedData(chain.promiseTypedData(bare)) as SignedPromise['signature']
      await chain.clear({ ...bare, signature }, to, gas)
      await facts.catchUp()
    }
    expect(history()).toEqual({ toBenefiter: 0n, inAll: 0n })
    await clear(4n, benefiter)
    expect(history()).toEqual({ toBenefiter: MYST / 2n, inAll: MYST / 2n })
    expect(facts.lastClearedSerial(issuer.id, benefiter.id)).toBe(4n)
    await clear(1n, issuer)
    expect(history()).toEqual({ toBenefiter: MYST / 2n, inAll: MYST })
  })

  it('are not waited for without end: a chain that is away leaves things as they are', async () => {
    await local.stop()
    await facts.catchUp()
    expect(facts.balanceOf(issuer.id)).toBeGreaterThan(0n)
  })
})
