import { Wallet as EthersWallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PromiseView } from '#shared/contract/answers.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MYST } from '#shared/model/units.ts'
import { createChain } from './chain/create-chain.ts'
import { systemClock } from './lib/clock.ts'
import { silentLogger } from './lib/logger.ts'
import { askFaucet } from './localnet/faucet.ts'
import { createMarket, type Market } from './market.ts'
import type { GasAccount, Hex } from './ports/chain.ts'
import { signProposal } from './protocol/proposal.ts'
import { createStateTree, type StateTree } from './state-tree.ts'
import { createAccountHistory } from './storage/account-history.ts'
import { migrate } from './storage/migrate.ts'
import { openStore } from './storage/open-store.ts'
import { createTransactionJournal } from './storage/transaction-journal.ts'
import { createGasAccount } from './testing/gas-account.ts'
import { type LocalChain, startLocalChain } from './testing/local-chain.ts'
import { createSigningIdentity } from './testing/signing-identity.ts'
import { GAS } from './wallet/gas-use.ts'
import { createWallet, type Wallet } from './wallet.ts'

const THREE_DAYS_S = 3 * 24 * 60 * 60
const TO: Hex = '0x00000000000000000000000000000000000000b0'
const OTHER = createSigningIdentity('another of our own')

describe('a wallet on the real contracts', () => {
  let chain: LocalChain
  let market: Market
  let wallet: Wallet
  let gas: GasAccount
  let state: StateTree
  let aheadMs = 0
  let promises: PromiseView[] = []
  const identity = createSigningIdentity('wallet')
  const store = openStore(':memory:')

  beforeAll(async () => {
    chain = await startLocalChain()
    gas = await chain.gasAccount(100n)
    migrate(store)
    market = createMarket({ network: chain.network, store, isOwn: () => false, clock: systemClock, log: silentLogger })
    market.follower.start()
    state = createStateTree({
      wallet: {},
      network: { chain: 'online' },
      identity: {
        all: [
          { id: identity.id, backedUp: true },
          { id: OTHER.id, backedUp: true },
        ],
      },
    } as AppState)
    wallet = createWallet({
      chain: market.chain,
      blocks: market.blocks,
      history: createAccountHistory(store),
      journal: createTransactionJournal(store),
      promises: () => promises,
      network: chain.network,
      identity,
      gas,
      state,
      clock: { ...systemClock, now: () => Date.now() + aheadMs },
      log: silentLogger,
    })
  })
  afterAll(async () => {
    wallet?.stop()
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
    expect(state.get().wallet.transaction).toMatchObject({ what: 'pay-out', state: 'failed' })
    expect(await market.chain.tokenBalanceOf(TO)).toBe(0n)

    await chain.control('evm_increaseTime', THREE_DAYS_S + 60)
    await wallet.executeDue()
    expect(await market.chain.tokenBalanceOf(TO)).toBe(15n * MYST)
    expect(state.get().wallet.transaction).toMatchObject({ what: 'pay-out', state: 'done' })
    await market.follower.reached((await market.chain.head()).number)
    await wallet.refresh()
    expect(state.get().wallet.withdrawal).toBeUndefined()
    expect(state.get().wallet.balance).toBe(5n * MYST)
    expect(await market.spendable(identity.id)).toBe(5n * MYST)
  })

  it('tells what moved, each with its transaction, newest first', async () => {
    const entries = await wallet.history({})
    expect(entries.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['withdrawn', 15n * MYST],
      ['withdrawal-announced', 15n * MYST],
      ['deposit', 20n * MYST],
    ])
    for (const { transaction, blockNumber } of entries) {
      const receipt = await chain.control('eth_getTransactionReceipt', transaction)
      expect(receipt).toMatchObject({ status: '0x1', blockNumber: `0x${blockNumber.toString(16)}` })
    }
    for (const { blockNumber, atMs } of entries) {
      const block = await chain.control('eth_getBlockByNumber', `0x${blockNumber.toString(16)}`, false)
      expect(block).toMatchObject({ timestamp: `0x${((atMs ?? 0) / 1000).toString(16)}` })
    }
    expect(await wallet.history({ beforeBlock: entries[0]?.blockNumber ?? 0 })).toEqual(entries.slice(1))
    expect(await wallet.history({ limit: 1 })).toEqual(entries.slice(0, 1))
  })

  it('withdraws to the gas account, and to nothing from which it would not come back', async () => {
    const { token, paymentAccounts, identityRegistry, serviceDirectory } = chain.network.contracts
    for (const to of [identity.id, OTHER.id, token, paymentAccounts, identityRegistry, serviceDirectory]) {
      await expect(wallet.withdraw(MYST, to.toLowerCase() as Hex), to).rejects.toMatchObject({
        name: 'InvalidRecipient',
        message: expect.stringMatching(/^[A-Z][^.]*\.$/),
      })
    }
    const { blockNumber } = await wallet.withdraw(MYST, gas.address)
    await market.follower.reached(blockNumber)
    await wallet.refresh()
    expect(state.get().wallet.withdrawal).toMatchObject({ to: gas.address, amount: MYST })
  })

  it('replaces an announced withdrawal by the next one, and calls it off', async () => {
    const replaced = await wallet.withdraw(2n * MYST, TO)
    await market.follower.reached(replaced.blockNumber)
    const off = await wallet.callOff()
    expect(state.get().wallet.transaction).toMatchObject({ what: 'call-off', state: 'done' })
    await market.follower.reached(off.blockNumber)
    await wallet.refresh()
    expect(state.get().wallet.withdrawal).toBeUndefined()
    await expect(wallet.callOff()).rejects.toThrow('No withdrawal is announced')
    expect((await wallet.history({ limit: 3 })).map(({ kind }) => kind)).toEqual([
      'withdrawal-called-off',
      'withdrawal-announced',
      'withdrawal-replaced',
    ])
    const balance = state.get().wallet.balance
    await chain.control('evm_increaseTime', THREE_DAYS_S + 60)
    await chain.control('anvil_mine', '0x1')
    aheadMs += (THREE_DAYS_S + 60) * 1000
    const before = await market.chain.gasBalanceOf(gas.address)
    await wallet.executeDue()
    expect(await market.chain.gasBalanceOf(gas.address)).toBe(before)
    expect(await market.chain.balanceOf(identity.id)).toBe(balance)

    // The control: what is announced now is paid out in the same way.
    const announced = await wallet.withdraw(MYST, TO)
    await market.follower.reached(announced.blockNumber)
    await chain.control('evm_increaseTime', THREE_DAYS_S + 60)
    aheadMs += (THREE_DAYS_S + 60) * 1000
    await wallet.executeDue()
    expect(await market.chain.balanceOf(identity.id)).toBe(balance - MYST)
  })

  it('says how long the gas lasts, and what runs out first', async () => {
    await wallet.refresh()
    const { gas: wei, transactionsLeft, runsOutFirst } = state.get().wallet
    const { now } = await market.chain.gasPrice()
    expect(transactionsLeft).toBe(Number(wei / (GAS.deposit * now)))
    // Gas was used, and nothing else.
    expect(runsOutFirst).toBe('gas')
    const given = { direction: 'given', peer: OTHER.id, serial: 1n, state: 'open', updatedAtMs: Date.now() } as const
    promises = [{ ...given, amount: 1_000n * MYST, signature: '0x' }]
    await wallet.refresh()
    expect(state.get().wallet.runsOutFirst).toBe('balance')
    promises = []
  })
})

describe('a quote', () => {
  let local: LocalChain
  let gas: GasAccount
  const stores: (() => void)[] = []

  beforeAll(async () => {
    local = await startLocalChain()
    gas = await local.gasAccount(100n)
  })
  afterAll(async () => {
    for (const close of stores.splice(0)) close()
    await local?.stop()
  })

  function fresh() {
    const store = openStore(':memory:')
    migrate(store)
    return store
  }

  function open(payer = gas, promises: () => PromiseView[] = () => [], store = fresh()) {
    const identity = createSigningIdentity(`quote ${stores.length}`)
    const { network } = local
    const market = createMarket({ network, store, isOwn: () => false, clock: systemClock, log: silentLogger })
    const state = createStateTree({
      wallet: {},
      identity: { all: [], registration: 'unregistered' },
    } as unknown as AppState)
    const wallet = createWallet({
      chain: market.chain,
      blocks: market.blocks,
      history: createAccountHistory(store),
      journal: createTransactionJournal(store),
      promises,
      network,
      identity,
      gas: payer,
      state,
      clock: systemClock,
      log: silentLogger,
    })
    stores.push(() => {
      wallet.stop()
      store.close()
    })
    return { wallet, state, identity, chain: market.chain }
  }

  const unitsOf = async (hash: string) =>
    BigInt(((await local.control('eth_getTransactionReceipt', hash)) as { gasUsed: string }).gasUsed)

  /** What is told holds, and is not far from what it takes. */
  function expectNear(estimate: bigint, actual: bigint): void {
    expect(estimate).toBeGreaterThanOrEqual(actual)
    expect(estimate).toBeLessThan((actual * 13n) / 10n)
  }

  it('is near what registering, depositing, withdrawing, clearing and announcing take', async () => {
    const { wallet, identity, chain } = open()
    const register = await wallet.quote({ what: 'register' })
    expect(register).toMatchObject({ fee: 10n * MYST, amount: 0n, gasAvailable: 10n ** 19n })
    expect(register.problem).toBeUndefined()
    const registered = await wallet.register()
    expectNear(register.gas, registered.gasPaid)
    expect(registered.gasPaid).toBeLessThan(register.maxGas)

    const deposit = await wallet.quote({ what: 'deposit', amount: 20n * MYST })
    expect(deposit).toMatchObject({ fee: 0n, amount: 20n * MYST })
    const deposited = await wallet.deposit(20n * MYST)
    expectNear(deposit.gas, deposited.gasPaid)

    expect(await wallet.quote({ what: 'withdraw', amount: MYST })).toMatchObject({ noticeMs: THREE_DAYS_S * 1000 })
    expect(deposit.noticeMs).toBeUndefined()
    expectNear(GAS.announceWithdrawal, await unitsOf((await wallet.withdraw(MYST, TO)).hash))
    await local.control('evm_increaseTime', THREE_DAYS_S + 60)
    expectNear(GAS.executeWithdrawal, await unitsOf((await chain.executeWithdrawal(identity.id, gas)).hash))

    const benefiter = createSigningIdentity('benefiter of the quote')
    const bare = { issuer: identity.id, serial: 1n, benefiter: benefiter.id, amount: MYST }
    const promise = { ...bare, signature: identity.signTypedData(chain.promiseTypedData(bare)) }
    expectNear(GAS.clear, await unitsOf((await chain.clear(promise, benefiter, gas)).hash))

    const terms = {
      ...{ provider: identity.id, serial: 12, serviceType: 'openvpn' as const, bandwidthMbps: 20 },
      ...{ serviceLocation: { country: 'DE' }, originLocation: { country: 'DE' } },
      ...{ unit: 'GiB' as const, pricePerUnit: MYST / 20n },
      contacts: [{ channel: 'broker', address: `mqtts://broker.example.net:8883/${identity.id}` }],
    }
    const domain = { chainId: chain.chainId, serviceDirectory: local.network.contracts.serviceDirectory }
    const { bytes } = signProposal(terms, 20_000_000, identity, domain)
    const announce = await wallet.quote({ what: 'announce' })
    const announced = await chain.announce(bytes, gas)
    expectNear(GAS.announce, await unitsOf(announced.hash))
    expectNear(announce.gas, announced.gasPaid)
    const both = await wallet.quote({ what: 'announce', services: 2 })
    expect(both).toMatchObject({ gas: expect.any(BigInt), fee: 0n, amount: 0n })
    expect(both.maxGas).toBeGreaterThan(announce.maxGas)
  })

  it('of clearing is of what a peer promised, or all of them', async () => {
    const [anna, bert] = [createSigningIdentity('anna').id, createSigningIdentity('bert').id]
    const promise = { direction: 'received', state: 'open', updatedAtMs: 0, signature: '0x' } as const
    const { wallet } = open(gas, () => [
      { ...promise, peer: anna, serial: 1n, amount: 2n * MYST },
      { ...promise, peer: anna, serial: 2n, amount: MYST, state: 'cleared' },
      { ...promise, peer: bert, serial: 1n, amount: MYST },
      { ...promise, peer: bert, serial: 9n, amount: MYST, direction: 'given' },
    ])
    expect(await wallet.quote({ what: 'clear' })).toMatchObject({ amount: 3n * MYST, fee: (3n * MYST) / 100n })
    expect(await wallet.quote({ what: 'clear', peer: bert })).toMatchObject({ amount: MYST, fee: MYST / 100n })
    const nobody = createSigningIdentity('nobody').id
    expect(await wallet.quote({ what: 'clear', peer: nobody })).toMatchObject({
      ...{ gas: 0n, fee: 0n, amount: 0n },
      problem: 'There is nothing to clear.',
    })
  })

  it('says in one sentence what stands in the way', async () => {
    const poor = createGasAccount(EthersWallet.createRandom())
    const { wallet, state } = open(poor)
    const problems = async (question: Parameters<typeof wallet.quote>[0]) => (await wallet.quote(question)).problem
    expect(await problems({ what: 'register' })).toMatch(/holds 0 MYST and 10 are needed; send the rest to it\.$/)
    expect(await problems({ what: 'deposit', amount: MYST })).toMatch(/holds 0 MYST and 1 are needed/)
    expect(await problems({ what: 'deposit' })).toMatch(/amount above 0/)
    expect(await problems({ what: 'withdraw', amount: MYST })).toMatch(/The account holds 0 MYST/)
    await askFaucet(local.network, poor.address, 50n * MYST)
    expect(await problems({ what: 'register' })).toBeUndefined()
    await local.control('anvil_setBalance', poor.address, '0x1')
    expect(await problems({ what: 'register' })).toMatch(/does not hold enough ether/)
    await local.control('anvil_setBalance', poor.address, '0x8ac7230489e80000')
    state.set({ wallet: { ...state.get().wallet, transaction: { what: 'deposit', state: 'pending' } } })
    expect(await problems({ what: 'register' })).toMatch(/earlier transaction \(deposit\) is not mined/)
    state.set({ identity: { ...state.get().identity, registration: 'registered' } })
    expect(await problems({ what: 'register' })).toBe('This identity is registered already.')
  })

  it('says so when registering was cut off halfway', async () => {
    const payer = await local.gasAccount(50n)
    const store = fresh()
    const journal = createTransactionJournal(store)
    const before = createChain({ network: local.network, clock: systemClock, journal })
    await local.control('evm_setAutomine', false)
    const { promise: approving, resolve: isApproving } = Promise.withResolvers<void>()
    const following = before.follow(payer, () => isApproving())
    const cut = before.register(createSigningIdentity('cut off'), payer).catch((error: Error) => error.name)
    await approving
    following.stop()
    expect(await cut).toBe('TransactionPending')
    await local.control('evm_setAutomine', true)

    const { wallet, state } = open(payer, () => [], store)
    const { promise: shown, resolve: isShown } = Promise.withResolvers<void>()
    state.subscribe(() => state.get().wallet.transaction?.state === 'failed' && isShown())
    await local.control('anvil_mine', '0x1')
    await shown
    expect(state.get().wallet.transaction).toMatchObject({
      what: 'register',
      message: expect.stringContaining('register again'),
    })
    await wallet.register()
    expect(state.get().wallet.transaction).toMatchObject({ what: 'register', state: 'done' })
    expect(await before.tokenBalanceOf(payer.address)).toBe(40n * MYST)
    expect(await local.control('eth_getTransactionCount', payer.address, 'latest')).toBe('0x2')
  })
})
