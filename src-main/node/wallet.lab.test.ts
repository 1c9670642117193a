import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import { MYST } from '#shared/model/units.ts'
import { systemClock } from './lib/clock.ts'
import { silentLogger } from './lib/logger.ts'
import { createMarket, type Market } from './market.ts'
import type { GasAccount, Hex } from './ports/chain.ts'
import { createStateTree, type StateTree } from './state-tree.ts'
import { migrate } from './storage/migrate.ts'
import { openStore } from './storage/open-store.ts'
import { type LocalChain, startLocalChain } from './testing/local-chain.ts'
import { createSigningIdentity } from './testing/signing-identity.ts'
import { createWallet, type Wallet } from './wallet.ts'

const THREE_DAYS_S = 3 * 24 * 60 * 60
const TO: Hex = '0x00000000000000000000000000000000000000b0'

describe('a wallet on the real contracts', () => {
  let chain: LocalChain
  let market: Market
  let wallet: Wallet
  let gas: GasAccount
  let state: StateTree
  let aheadMs = 0
  const identity = createSigningIdentity('wallet')
  const store = openStore(':memory:')

  beforeAll(async () => {
    chain = await startLocalChain()
    gas = await chain.gasAccount(100n)
    migrate(store)
    market = createMarket({ network: chain.network, store, isOwn: () => false, clock: systemClock, log: silentLogger })
    market.follower.start()
    state = createStateTree({ wallet: {} } as AppState)
    wallet = createWallet({
      chain: market.chain,
      blocks: market.blocks,
      network: chain.network,
      identity,
      gas,
      state,
      clock: { ...systemClock, now: () => Date.now() + aheadMs },
      log: silentLogger,
    })
  })
  afterAll(async () => {
    market?.follower.stop()
    await chain?.stop()
    store.close()
  })

  it('deposits what the gas account holds and no more, and shows the transaction as it goes', async () => {
    await expect(wallet.deposit(101n * MYST)).rejects.toMatchObject({ name: 'InsufficientFunds' })
    expect(state.get().wallet.transaction).toMatchObject({ what: 'deposit', state: 'failed' })
    await expect(wallet.deposit(0n)).rejects.toMatchObject({ name: 'InvalidAmount' })
    const { hash } = await wallet.deposit(20n * MYST)
    expect(state.get().wallet).toMatchObject({
      balance: 20n * MYST,
      undeposited: 80n * MYST,
      transaction: { what: 'deposit', state: 'done', hash },
    })
  })

  it('withdraws after the notice period, by itself; until then the amount counts as spent', async () => {
    await expect(wallet.withdraw(21n * MYST, TO)).rejects.toMatchObject({ name: 'InsufficientFunds' })
    const announced = await wallet.withdraw(15n * MYST, TO)
    await market.follower.reached(announced.blockNumber)
    await wallet.refresh()
    expect(state.get().wallet.withdrawal).toEqual({
      amount: 15n * MYST,
      to: TO,
      executableAtMs: announced.executableAtMs,
    })
    expect(await market.spendable(identity.id)).toBe(5n * MYST)

    await wallet.executeDue()
    expect(await market.chain.tokenBalanceOf(TO)).toBe(0n)
    aheadMs = (THREE_DAYS_S + 60) * 1000
    // The chain's clock decides: ours being ahead only means that it is tried in vain.
    await wallet.executeDue()
    expect(state.get().wallet.transaction).toMatchObject({ what: 'withdraw', state: 'failed' })
    expect(await market.chain.tokenBalanceOf(TO)).toBe(0n)

    await chain.control('evm_increaseTime', THREE_DAYS_S + 60)
    await wallet.executeDue()
    expect(await market.chain.tokenBalanceOf(TO)).toBe(15n * MYST)
    await market.follower.reached((await market.chain.head()).number)
    await wallet.refresh()
    expect(state.get().wallet.withdrawal).toBeUndefined()
    expect(state.get().wallet.balance).toBe(5n * MYST)
    expect(await market.spendable(identity.id)).toBe(5n * MYST)
  })
})
