import { keccak256, Transaction } from 'ethers'
import { MystError } from '#shared/errors/myst-error.ts'
import type { FollowedTransactions, GasAccount, Hex, SentTransaction, TransactionPurpose } from '../ports/chain.ts'
import type { JournalEntry } from '../storage/transaction-journal.ts'
import { perGas, readPrice } from './fees.ts'
import { quantity, type Receipt, smallQuantity } from './quantities.ts'
import { refusing } from './revert.ts'
import { createWatcher, type Watcher, type WatcherDeps, type WatcherOptions } from './watcher.ts'

/** The protocol takes no more for one transaction (EIP-7825); a node that claims so is not believed. */
const MAX_GAS = 2n ** 24n
/** When it is still not mined, the person is told; it is watched on, and may be mined later. */
const RECEIPT_TIMEOUT_MS = 180_000
/** So long the outcome of an interrupted transaction answers the one who asks for the same again. */
const UNTOLD_MS = 600_000

export type Call = { to: string; data: string }
export type Mined = Receipt & { gasPaid: bigint }

export type Transactions = {
  /**
   * Runs `work` alone among everything that this gas account pays for, so that nonces follow each other.
   * Throws `InsufficientGas`, `TransactionFailed`, `TransactionPending` (it may still be mined),
   * `EarlierTransactionPending` (it was not sent), `TransactionDisplaced`, `ChainUnreachable`.
   */
  alone<T>(gas: GasAccount, work: (send: Send) => Promise<T>): Promise<T>
  follow(gas: GasAccount, handle: (sent: SentTransaction) => void): FollowedTransactions
}
/** `prepare` makes the call once it is certain that it is wanted: nothing of the same intent is under way. */
export type Send = (purpose: TransactionPurpose, prepare: () => Promise<Call> | Call) => Promise<Mined>

/**
 * Every transaction is written down before it is broadcast, and no other is signed before it is resolved.
 * Asked for the same again, also after a restart, it is the one under way that answers.
 */
export function createTransactions(deps: WatcherDeps, options: WatcherOptions): Transactions {
  const { rpc, clock, journal } = deps
  const queues = new Map<string, Promise<unknown>>()
  const watchers = new Map<string, Watcher>()

  function watcherOf(gas: GasAccount): Watcher {
    const known = watchers.get(gas.address)
    if (known) return known
    const made = createWatcher(deps, options, gas)
    watchers.set(gas.address, made)
    return made
  }

  async function send(gas: GasAccount, purpose: TransactionPurpose, prepare: Parameters<Send>[1]): Promise<Mined> {
    const watcher = watcherOf(gas)
    const { where, entries } = await watcher.pending()
    for (const entry of entries) {
      const earlier = await watcher.outcome(entry, clock.now() + RECEIPT_TIMEOUT_MS)
      if (earlier.state !== 'pending') continue
      throw earlier.intent === purpose.intent ? stillPending(earlier) : behind(earlier)
    }
    const before = await lastOf(watcher, journal.latest(where, purpose.intent))
    if (before) return finish(watcher, before)

    const call = await prepare()
    const request = { from: gas.address, to: call.to, data: call.data }
    // A call that would fail is not paid for: its reason comes from the estimate.
    const estimate = await refusing(rpc.call(quantity, 'eth_estimateGas', [request]))
    const gasLimit = (estimate * 12n) / 10n
    if (gasLimit > MAX_GAS) {
      throw new MystError(
        'TransactionFailed',
        'The transaction would need an implausible amount of gas; it was not sent.',
      )
    }
    const { fees, most } = await readPrice(rpc)
    const needed = gasLimit * perGas(fees)
    const balance = await rpc.call(quantity, 'eth_getBalance', [gas.address, 'latest'])
    if (balance < needed) {
      throw new MystError(
        'InsufficientGas',
        `The gas account ${gas.address} does not hold enough ether for the transaction; send some to it.`,
        { details: { needed: needed.toString(), available: balance.toString() } },
      )
    }
    const counted = await rpc.call(smallQuantity, 'eth_getTransactionCount', [gas.address, 'pending'])
    // A node that is late must not have us sign a nonce for a second time.
    const nonce = Math.max(counted, (journal.highestNonce(where) ?? -1) + 1)
    const unsigned = Transaction.from({ ...fees, ...call, nonce, gasLimit, chainId: options.chainId })
    const raw = await gas.sign(unsigned)
    const signed = { hash: keccak256(raw) as Hex, raw }
    const entry = watcher.begin({ ...where, ...purpose, nonce, mostPerGas: most }, signed)
    return finish(watcher, await watcher.outcome(entry, clock.now() + RECEIPT_TIMEOUT_MS))
  }

  /** One with the same intent that was interrupted, when its outcome is the answer to being asked again. */
  async function lastOf(watcher: Watcher, last: JournalEntry | undefined): Promise<JournalEntry | undefined> {
    if (last?.state === 'unsent') {
      // No node took it, but one may have kept it.
      const now = await watcher.reconsider(last)
      return now.state === 'done' ? now : undefined
    }
    const fresh = last && !last.told && clock.now() - last.updatedAtMs < UNTOLD_MS
    return fresh && last.state === 'done' ? last : undefined
  }

  async function finish(watcher: Watcher, entry: JournalEntry): Promise<Mined> {
    if (entry.state === 'pending') throw stillPending(entry)
    journal.tell(entry.id)
    const { hash, gasPaid = 0n, message = '' } = entry
    if (entry.state === 'unsent') throw new MystError('TransactionFailed', message)
    if (entry.state === 'displaced') throw new MystError('TransactionDisplaced', message)
    if (entry.state === 'reverted') throw await watcher.reasonOf(entry)
    const mined = hash && (await watcher.receiptOf(hash))
    // Taken back in this very moment: it is watched on.
    if (!mined) throw stillPending(entry)
    return { ...mined, gasPaid }
  }

  return {
    alone(gas, work) {
      const before = queues.get(gas.address) ?? Promise.resolve()
      const run = before.then(() => work((purpose, prepare) => send(gas, purpose, prepare)))
      // What waits behind goes on after a failure too.
      const done = run.then(
        () => undefined,
        () => undefined,
      )
      queues.set(gas.address, done)
      void done.then(() => {
        if (queues.get(gas.address) === done) queues.delete(gas.address)
      })
      return run
    },
    follow(gas, handle) {
      const watcher = watcherOf(gas)
      const off = watcher.onChange(handle)
      void watcher.recheck()
      return {
        recheck: watcher.recheck,
        stop() {
          off()
          watcher.stop()
          if (watchers.get(gas.address) === watcher) watchers.delete(gas.address)
        },
      }
    },
  }
}

function stillPending({ hash, message }: JournalEntry): MystError {
  const why = message ?? 'it was sent but is not mined yet'
  return new MystError(
    'TransactionPending',
    `The transaction is under way: ${lowerFirst(why)}${why.endsWith('.') ? '' : '.'} It goes on by itself; asking for the same again does not send it twice.`,
    { details: { hash: hash ?? '' } },
  )
}

function behind({ what, hash }: JournalEntry): MystError {
  return new MystError(
    'EarlierTransactionPending',
    `An earlier transaction (${what}) of the gas account is not mined yet, so this one was not sent; try again when it is.`,
    { details: { hash: hash ?? '' } },
  )
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
