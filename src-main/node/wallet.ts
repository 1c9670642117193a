import type { FeeQuote, PromiseView, WalletEntry } from '#shared/contract/answers.ts'
import type { CommandParsed } from '#shared/contract/commands.ts'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { WalletState } from '#shared/contract/state.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import type { Address } from '#shared/model/address.ts'
import type { Amount } from '#shared/model/units.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { Logger } from './lib/logger.ts'
import { askFaucet } from './localnet/faucet.ts'
import { CALLED_OFF, type Chain, type GasAccount, type SentTransaction, type TransactionResult } from './ports/chain.ts'
import type { Clock } from './ports/clock.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { StateTree } from './state-tree.ts'
import type { AccountHistory } from './storage/account-history.ts'
import type { ChainRepository } from './storage/chain-repository.ts'
import type { TransactionJournal } from './storage/transaction-journal.ts'
import { createBlockTimes } from './wallet/block-times.ts'
import { firstToRunOut, GAS } from './wallet/gas-use.ts'
import { createQuote } from './wallet/quote.ts'
import { checkRecipient } from './wallet/recipient.ts'

type Transaction = NonNullable<WalletState['transaction']>

/** "The present rate of use" is that of the last thirty days. */
const USE_MS = 30 * 86_400_000
/** Of more nobody needs to know. */
const MANY_TRANSACTIONS = 1_000_000n
const HISTORY_LIMIT = 100
const HALF_REGISTERED = 'Registering was interrupted when its fee was approved but not yet paid; register again.'

/** One identity's money: its account in the contract and the gas account that pays for transactions. */
export type Wallet = {
  /** Asks the chain anew; called at each new block that concerned us. Keeps the last figures when it is away. */
  refresh(): Promise<void>
  faucet(amount: Amount): Promise<{ undeposited: Amount }>
  register(): Promise<TransactionResult>
  deposit(amount: Amount): Promise<TransactionResult>
  /** Refuses addresses at which MYST would be lost (`InvalidRecipient`). */
  withdraw(amount: Amount, to: Address): Promise<TransactionResult & { executableAtMs: number }>
  /** Nothing is paid out any more. `TransactionFailed` when no withdrawal is announced. */
  callOff(): Promise<TransactionResult>
  /** Executes an announced withdrawal whose notice period is over; never rejects, it is tried again. */
  executeDue(): Promise<void>
  quote(question: CommandParsed<'wallet.quote'>): Promise<FeeQuote>
  /** With the times of its blocks where the chain tells them. */
  history(page: CommandParsed<'wallet.history'>): Promise<WalletEntry[]>
  /** After a reorganisation: what it took back is sent again. */
  recheck(): Promise<void>
  /** Stops watching transactions; what is under way is taken up at the next start. */
  stop(): void
}

export function createWallet(deps: {
  chain: Chain
  network: NetworkFile
  identity: UnlockedIdentity
  gas: GasAccount
  blocks: Pick<ChainRepository, 'withdrawalOf' | 'setBlockTime'>
  history: AccountHistory
  journal: Pick<TransactionJournal, 'gasPaidSince'>
  /** Given and received, as payments know them. */
  promises: () => readonly PromiseView[]
  state: StateTree
  clock: Clock
  log: Logger
}): Wallet {
  const { chain, blocks, network, identity, gas, state, clock, log } = deps
  let executing = false
  let lastDueProblem = ''
  let registering = false
  /** What the chain module told last, of all that this gas account pays for. */
  let lastSent: SentTransaction | undefined
  const set = (change: Partial<WalletState>) => state.set({ wallet: { ...state.get().wallet, ...change } })
  const announced = () => {
    const pending = blocks.withdrawalOf(identity.id)
    return pending && pending.amount !== CALLED_OFF ? pending : undefined
  }
  const learnTimes = createBlockTimes({ chain, blocks, log })
  const quote = createQuote({
    chain,
    identity: identity.id,
    gasAddress: gas.address,
    isRegistered: () => state.get().identity.registration === 'registered',
    promises: deps.promises,
    underWay: () => state.get().wallet.transaction,
  })

  function show(sent: SentTransaction): void {
    lastSent = sent
    const { hash, message } = sent
    const what = whatOf(sent)
    const details = { ...(hash === undefined ? {} : { hash }), ...(message === undefined ? {} : { message }) }
    if (sent.state === 'done' && sent.intent.startsWith('approve ')) {
      // Half of what was wanted; the other half follows at once, or was cut off by the end of the node.
      const half = registering ? { state: 'pending' as const } : { state: 'failed' as const, message: HALF_REGISTERED }
      set({ transaction: { what, ...details, ...half } })
    } else set({ transaction: { what, state: stateOf(sent), ...details } })
    if (sent.state !== 'pending') void wallet.refresh()
  }
  const following = chain.follow(gas, show)

  /** Shows a transaction from the moment it is wanted; once it is signed, `show` is told how it goes. */
  async function showing<T extends TransactionResult>(what: Transaction['what'], send: () => Promise<T>): Promise<T> {
    set({ transaction: { what, state: 'pending' } })
    try {
      return await send()
    } catch (error) {
      const { name, message } = toWire(error)
      if (name === 'EarlierTransactionPending' && lastSent) show(lastSent)
      else if (name !== 'TransactionPending') {
        const hash = lastSent && whatOf(lastSent) === what && lastSent.state !== 'done' ? lastSent.hash : undefined
        set({ transaction: { what, state: 'failed', message, ...(hash === undefined ? {} : { hash }) } })
      }
      throw error
    } finally {
      await wallet.refresh()
    }
  }

  function lasting(wei: bigint, price: bigint, balance: Amount): Partial<WalletState> {
    const since = clock.now() - USE_MS
    const spent = deps
      .promises()
      .filter(({ direction, updatedAtMs }) => direction === 'given' && updatedAtMs >= since)
      .reduce((sum, { amount }) => sum + amount, 0n)
    const gasPaid = deps.journal.gasPaidSince(gas.address, since)
    const runsOutFirst = firstToRunOut({ gas: wei, gasPaid, balance, spent })
    const left = price === 0n ? MANY_TRANSACTIONS : wei / (GAS.deposit * price)
    return {
      transactionsLeft: Number(left < MANY_TRANSACTIONS ? left : MANY_TRANSACTIONS),
      ...(runsOutFirst === undefined ? {} : { runsOutFirst }),
    }
  }

  const wallet: Wallet = {
    quote,
    async refresh() {
      const pending = announced()
      const { withdrawal: _old, ...rest } = state.get().wallet
      const withdrawal = pending && {
        amount: pending.amount,
        to: pending.to,
        executableAtMs: pending.executableAt * 1000,
      }
      state.set({ wallet: { ...rest, ...(withdrawal ? { withdrawal } : {}) } })
      try {
        const [balance, undeposited, wei, registrationFee, networkFeeBps, price] = await Promise.all([
          chain.balanceOf(identity.id),
          chain.tokenBalanceOf(gas.address),
          chain.gasBalanceOf(gas.address),
          chain.registrationFee(),
          chain.networkFeeBps(),
          chain.gasPrice(),
        ])
        const figures = { balance, undeposited, gas: wei, registrationFee, networkFeeBps: Number(networkFeeBps) }
        const { runsOutFirst: _before, ...shown } = state.get().wallet
        state.set({ wallet: { ...shown, ...figures, ...lasting(wei, price.now, balance) } })
      } catch (error) {
        log.debug(`balances could not be read: ${toWire(error).message}`)
      }
    },
    async faucet(amount) {
      await askFaucet(network, gas.address, above0(amount))
      await wallet.refresh()
      return { undeposited: state.get().wallet.undeposited }
    },
    async register() {
      registering = true
      try {
        return await showing('register', () => chain.register(identity, gas))
      } finally {
        registering = false
      }
    },
    async deposit(amount) {
      const wanted = above0(amount)
      return showing('deposit', () => chain.deposit(identity.id, wanted, gas))
    },
    async withdraw(amount, to) {
      const own = state.get().identity.all.map(({ id }) => id)
      checkRecipient(to, network, [identity.id, ...own])
      const balance = await chain.balanceOf(identity.id)
      if (above0(amount) > balance) {
        throw new MystError(
          'InsufficientFunds',
          `The account holds ${formatMyst(balance)} MYST; ${formatMyst(amount)} cannot be withdrawn.`,
        )
      }
      const done = await showing('withdraw', () => chain.announceWithdrawal(identity, amount, to, gas))
      return { ...done, executableAtMs: done.executableAt * 1000 }
    },
    async callOff() {
      if (!announced()) throw new MystError('TransactionFailed', 'No withdrawal is announced for this identity.')
      const { executableAt: _never, ...done } = await showing('call-off', () =>
        chain.announceWithdrawal(identity, CALLED_OFF, gas.address, gas),
      )
      return done
    },
    async executeDue() {
      const pending = announced()
      if (executing || !pending || pending.executableAt * 1000 > clock.now()) return
      executing = true
      try {
        await chain.executeWithdrawal(identity.id, gas)
        lastDueProblem = ''
      } catch (error) {
        const { name, message } = toWire(error)
        // It is tried again every now and then; the same reason is told once.
        if (name !== 'TransactionPending' && message !== lastDueProblem) {
          lastDueProblem = message
          log.warn(`the withdrawal could not be executed yet: ${message}`)
          set({ transaction: { what: 'pay-out', state: 'failed', message } })
        }
      } finally {
        executing = false
        await wallet.refresh()
      }
    },
    async history({ limit = HISTORY_LIMIT, beforeBlock }) {
      const list = () => deps.history.list(identity.id, { limit, beforeBlock })
      const page = list()
      const untimed = new Set(page.filter(({ atMs }) => atMs === undefined).map(({ blockNumber }) => blockNumber))
      if (untimed.size === 0 || state.get().network.chain !== 'online') return page
      await learnTimes([...untimed])
      return list()
    },
    recheck: following.recheck,
    stop: following.stop,
  }
  return wallet
}

/** The two halves of a withdrawal, and its calling off, are told apart by what was wanted. */
function whatOf({ what, intent }: SentTransaction): Transaction['what'] {
  if (what !== 'withdraw') return what
  if (intent.startsWith('execute ')) return 'pay-out'
  return intent.split(' ')[2] === String(CALLED_OFF) ? 'call-off' : what
}

function stateOf({ state, replaced }: SentTransaction): Transaction['state'] {
  if (state === 'pending') return replaced ? 'replaced' : 'pending'
  return state === 'done' ? 'done' : 'failed'
}

function above0(amount: Amount): Amount {
  if (amount <= 0n) throw new MystError('InvalidAmount', 'The amount must be above 0 MYST.')
  return amount
}
