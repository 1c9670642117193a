import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { WalletState } from '#shared/contract/state.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import type { Amount } from '#shared/model/units.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { Logger } from './lib/logger.ts'
import { askFaucet } from './localnet/faucet.ts'
import type { Chain, GasAccount, Hex, TransactionResult } from './ports/chain.ts'
import type { Clock } from './ports/clock.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { StateTree } from './state-tree.ts'
import type { ChainRepository } from './storage/chain-repository.ts'

type Transaction = NonNullable<WalletState['transaction']>

/** One identity's money: its account in the contract and the gas account that pays for transactions. */
export type Wallet = {
  /** Asks the chain anew; called at each new block that concerned us. Keeps the last figures when it is away. */
  refresh(): Promise<void>
  faucet(amount: Amount): Promise<{ undeposited: Amount }>
  register(): Promise<TransactionResult>
  deposit(amount: Amount): Promise<TransactionResult>
  withdraw(amount: Amount, to: Hex): Promise<TransactionResult & { executableAtMs: number }>
  /** Executes an announced withdrawal whose notice period is over; never rejects, it is tried again. */
  executeDue(): Promise<void>
  /** Shows a transaction as it goes; its error passes on. */
  showing(what: Transaction['what'], send: () => Promise<TransactionResult>): Promise<TransactionResult>
}

export function createWallet(deps: {
  chain: Chain
  network: NetworkFile
  identity: UnlockedIdentity
  gas: GasAccount
  blocks: Pick<ChainRepository, 'withdrawalOf'>
  state: StateTree
  clock: Clock
  log: Logger
}): Wallet {
  const { chain, blocks, network, identity, gas, state, clock, log } = deps
  let executing = false
  const set = (change: Partial<WalletState>) => state.set({ wallet: { ...state.get().wallet, ...change } })

  const wallet: Wallet = {
    async refresh() {
      const pending = blocks.withdrawalOf(identity.id)
      const { withdrawal: _old, ...rest } = state.get().wallet
      const withdrawal = pending && {
        amount: pending.amount,
        to: pending.to,
        executableAtMs: pending.executableAt * 1000,
      }
      state.set({ wallet: { ...rest, ...(withdrawal ? { withdrawal } : {}) } })
      try {
        const [balance, undeposited, wei, registrationFee, networkFeeBps] = await Promise.all([
          chain.balanceOf(identity.id),
          chain.tokenBalanceOf(gas.address),
          chain.gasBalanceOf(gas.address),
          chain.registrationFee(),
          chain.networkFeeBps(),
        ])
        set({ balance, undeposited, gas: wei, registrationFee, networkFeeBps: Number(networkFeeBps) })
      } catch (error) {
        log.debug(`balances could not be read: ${toWire(error).message}`)
      }
    },
    async faucet(amount) {
      if (amount <= 0n) throw new MystError('InvalidAmount', 'Ask for more than 0 MYST.')
      await askFaucet(network, gas.address, amount)
      await wallet.refresh()
      return { undeposited: state.get().wallet.undeposited }
    },
    register: () => wallet.showing('register', () => chain.register(identity, gas)),
    async deposit(amount) {
      if (amount <= 0n) throw new MystError('InvalidAmount', 'Deposit more than 0 MYST.')
      return wallet.showing('deposit', () => chain.deposit(identity.id, amount, gas))
    },
    async withdraw(amount, to) {
      if (amount <= 0n) throw new MystError('InvalidAmount', 'Withdraw more than 0 MYST.')
      const balance = await chain.balanceOf(identity.id)
      if (amount > balance) {
        throw new MystError(
          'InsufficientFunds',
          `The account holds ${formatMyst(balance)} MYST; ${formatMyst(amount)} cannot be withdrawn.`,
        )
      }
      let executableAtMs = 0
      const result = await wallet.showing('withdraw', async () => {
        const announced = await chain.announceWithdrawal(identity, amount, to, gas)
        executableAtMs = announced.executableAt * 1000
        return announced
      })
      return { ...result, executableAtMs }
    },
    async executeDue() {
      const pending = blocks.withdrawalOf(identity.id)
      if (executing || !pending || pending.executableAt * 1000 > clock.now()) return
      executing = true
      try {
        await wallet.showing('withdraw', () => chain.executeWithdrawal(identity.id, gas))
      } catch (error) {
        log.warn(`the withdrawal could not be executed yet: ${toWire(error).message}`)
      } finally {
        executing = false
      }
    },
    async showing(what, send) {
      set({ transaction: { what, state: 'pending' } })
      try {
        const result = await send()
        set({ transaction: { what, state: 'done', hash: result.hash } })
        return result
      } catch (error) {
        set({ transaction: { what, state: 'failed', message: toWire(error).message } })
        throw error
      } finally {
        await wallet.refresh()
      }
    },
  }
  return wallet
}
