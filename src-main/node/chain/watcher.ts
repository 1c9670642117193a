import { keccak256, Transaction } from 'ethers'
import { MystError } from '#shared/errors/myst-error.ts'

import type { GasAccount, Hex, SentTransaction } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { JournalEntry, SignedForm, TransactionJournal } from '../storage/transaction-journal.ts'
import { type Agreement, type CommonHead, toHex } from './agreement.ts'
import { perGas, raise, readPrice } from './fees.ts'
import type { JsonRpc } from './json-rpc.ts'
import { createPool } from './pool.ts'
import { block, quantity, type Receipt, receipt, smallQuantity } from './quantities.ts'

/** A transaction that a node has held so long without its being mined gets a higher fee. */
const REPLACE_AFTER_BLOCKS = 5
/** No chain reorganises deeper and lives. */
const SETTLED_BLOCKS = 64
const MAX_BACKOFF_MS = 5_000
const KEPT_MS = 90 * 86_400_000

export type WatcherDeps = { rpc: JsonRpc; agreement: Agreement; clock: Clock; journal: TransactionJournal }
export type WatcherOptions = {
  chainId: bigint
  pollMs: number
  /** Blocks that must lie on a nonce used elsewhere before a transaction counts as displaced. */
  confirmations: number
}

type Account = { chain: string; gasAddress: Hex }

/** Looks after the transactions of one gas account until each of them is resolved; see `SentTransaction`. */
export type Watcher = {
  /** What is under way at this moment, on the chain that there is. */
  pending(): Promise<{ where: Account; entries: JournalEntry[] }>
  /** Writes a new one down; from here on it is broadcast and watched. */
  begin(entry: Parameters<TransactionJournal['add']>[0], signed: SignedForm): JournalEntry
  /** What came of it; still `pending` when the time was over or watching was stopped. */
  outcome(entry: JournalEntry, giveUpAtMs: number): Promise<JournalEntry>
  /** Takes up what an earlier run left, and looks whether what was mined still stands. Never rejects. */
  recheck(): Promise<void>
  /** Whether one that no node took was mined all the same; its state afterwards. */
  reconsider(entry: JournalEntry): Promise<JournalEntry>
  receiptOf(hash: Hex): Promise<Receipt | null>
  /** Why a mined one was reverted, asked again at its block. */
  reasonOf(entry: JournalEntry): Promise<MystError>
  onChange(handle: (sent: SentTransaction) => void): () => void
  stop(): void
}

const stopping = () => new MystError('NodeStopping', 'The node is ending; what is under way goes on at its next start.')

export function createWatcher(
  { rpc, agreement, clock, journal }: WatcherDeps,
  { chainId, pollMs, confirmations }: WatcherOptions,
  gas: GasAccount,
): Watcher {
  const pool = createPool(rpc)
  const gasAddress = gas.address.toLowerCase() as Hex
  const handles = new Set<(sent: SentTransaction) => void>()
  /** The latest block at which a transaction's nonce was not used yet. */
  const freeAt = new Map<number, number>()
  /** In which block this process first saw a form wait in a node's pool. */
  const waitingSince = new Map<Hex, number>()
  const wakeUps = new Set<() => void>()
  /** Signed a moment ago, so known to be accepted by the contract. */
  const fresh = new Set<number>()
  let running = false
  let shown = false
  let failures = 0
  /** Something was broadcast in this round: it may have its block at once. */
  let lookAgain = false
  let cutPause: () => void = () => undefined
  let stopped = false

  /** After every wait: the store may be closed by now. */
  function live<T>(value: T): T {
    if (stopped) throw stopping()
    return value
  }

  async function account(): Promise<Account> {
    // Two local chains may differ in nothing but their first block.
    const genesis = live(await agreement.same(block, 'eth_getBlockByNumber', ['0x0', false]))
    return { chain: `${chainId} ${genesis.hash}`, gasAddress }
  }

  const receiptOf = (of: Hex) => agreement.same(receipt.nullable(), 'eth_getTransactionReceipt', [of])

  function resolve(id: number, outcome: Parameters<TransactionJournal['resolve']>[1]): JournalEntry {
    return tell(journal.resolve(id, outcome, clock.now()))
  }

  function tell(entry: JournalEntry): JournalEntry {
    for (const handle of [...handles]) handle(entry)
    return entry
  }

  /** Tells what it waits for, once. */
  function note(entry: JournalEntry, message: string): void {
    if (entry.message !== message) resolve(entry.id, { state: 'pending', message })
  }

  async function asMined(mined: Receipt, form: SignedForm): Promise<Parameters<TransactionJournal['resolve']>[1]> {
    const { gasUsed, effectiveGasPrice, status, blockNumber } = mined
    const price = effectiveGasPrice ?? Transaction.from(form.raw).gasPrice ?? 0n
    const outcome = { hash: form.hash, blockNumber, gasPaid: gasUsed * price }
    if (status === 1) return { state: 'done', ...outcome }
    const { message } = live(await pool.whyReverted(form.raw, blockNumber))
    return { state: 'reverted', ...outcome, message }
  }

  /** The receipt of whichever form was mined. */
  async function minedForm(entry: JournalEntry): Promise<{ mined: Receipt; form: SignedForm } | undefined> {
    for (const form of entry.signed) {
      const mined = live(await receiptOf(form.hash))
      if (mined) return { mined, form }
    }
    return undefined
  }

  /** A mined one may have been taken back, or stand in another block now. */
  async function stillThere(entry: JournalEntry): Promise<void> {
    const found = await minedForm(entry)
    if (!found) {
      const message = 'The chain was reorganised; the transaction is sent once more and waits to be mined again.'
      resolve(entry.id, { state: 'pending', message })
    } else if (found.mined.blockNumber !== entry.blockNumber) {
      resolve(entry.id, await asMined(found.mined, found.form))
    }
  }

  async function look(entry: JournalEntry, where: Account, head: CommonHead, count: number): Promise<void> {
    const own = await minedForm(entry)
    if (own) return void resolve(entry.id, await asMined(own.mined, own.form))
    if (count > entry.nonce) {
      // A node that is just mining may know the new state before the block: then nothing is known yet.
      const free = freeAt.get(entry.id)
      // Not seen before, as after a restart: the next look decides.
      if (free === undefined) freeAt.set(entry.id, -1)
      else if (head.number > free) await nonceIsGone(entry, where, head)
      return
    }
    freeAt.set(entry.id, head.number)

    const form = entry.signed.at(-1)
    if (!form) return
    let tooCheap = false
    if (!live(await pool.has(form.hash))) {
      // It would cost gas and do nothing. Only the next one in line can be judged.
      const skip = fresh.delete(entry.id) || count !== entry.nonce
      const reason = skip ? undefined : live(await pool.wouldFail(form.raw))
      if (reason) return void resolve(entry.id, { state: 'unsent', message: reason.message })
      const answer = live(await pool.broadcast(form.raw))
      if (answer.kind === 'never') {
        const message = /insufficient funds/i.test(answer.why) ? poor() : answer.why
        return void resolve(entry.id, { state: 'unsent', message })
      }
      if (answer.kind === 'later') note(entry, answer.why)
      if (answer.kind === 'taken') {
        // One that forgets what it took is not asked all the time.
        lookAgain ||= !waitingSince.has(form.hash)
        if (entry.message !== undefined) resolve(entry.id, { state: 'pending' })
      }
      tooCheap = answer.kind === 'too-cheap'
    }
    const since = waitingSince.get(form.hash) ?? head.number
    waitingSince.set(form.hash, since)
    if (tooCheap || head.number - since >= REPLACE_AFTER_BLOCKS) await replace(entry, form)
  }

  /** None of ours has the nonce: one that no node took before, or another program's. */
  async function nonceIsGone(entry: JournalEntry, where: Account, head: CommonHead): Promise<void> {
    const rivals = journal.atNonce(where, entry.nonce).filter(({ id }) => id !== entry.id)
    for (const rival of rivals) {
      const found = await minedForm(rival)
      if (!found) continue
      const outcome = await asMined(found.mined, found.form)
      resolve(rival.id, outcome)
      // The same was wanted both times: then it is done.
      if (rival.intent === entry.intent) return void resolve(entry.id, { ...outcome, gasPaid: 0n })
    }
    const at = toHex(Math.max(0, head.number - confirmations))
    const counted = agreement.same(smallQuantity, 'eth_getTransactionCount', [gasAddress, at])
    if (live(await counted) <= entry.nonce) {
      return note(entry, 'Another program used the same gas account at this moment; waiting until that is certain.')
    }
    const message =
      'Another program that uses the same gas account sent something in its place, so this was not carried out; ask for it again if it is still wanted.'
    resolve(entry.id, { state: 'displaced', message })
  }

  /** Same nonce, higher fee: at most one of the two can be mined, and both are looked for. */
  async function replace(entry: JournalEntry, form: SignedForm): Promise<void> {
    const old = Transaction.from(form.raw)
    const fees = raise(old, live(await readPrice(rpc)).fees, entry.mostPerGas)
    if (!fees) {
      return note(
        entry,
        'The price of gas is above what this transaction may pay; it is mined when the price has fallen.',
      )
    }
    const balance = live(await agreement.state(quantity, 'eth_getBalance', [gasAddress]))
    if (balance < old.gasLimit * perGas(fees)) return note(entry, poor())
    const { to, data: input, nonce, gasLimit } = old
    const raw = live(await gas.sign(Transaction.from({ ...fees, to, data: input, nonce, gasLimit, chainId })))
    // Broadcast by the next round, like every other.
    tell(journal.addSigned(entry.id, { hash: keccak256(raw) as Hex, raw }, clock.now()))
  }

  const poor = () => `The gas account ${gasAddress} does not hold enough ether for the transaction; send some to it.`

  /** The account's nonce. What counted as mined at that nonce or above was taken back by a reorganisation. */
  async function align(where: Account): Promise<number> {
    const count = live(await agreement.state(smallQuantity, 'eth_getTransactionCount', [gasAddress]))
    for (const entry of journal.minedFrom(where, count)) await stillThere(entry)
    return count
  }

  /** True while something is left to watch. */
  async function round(): Promise<boolean> {
    const where = await account()
    const pending = journal.pending(where)
    if (!shown) for (const entry of pending) if (!fresh.has(entry.id)) tell(entry)
    shown = true
    if (pending.length === 0) return false
    const head = live(await agreement.head())
    const count = await align(where)
    for (const entry of journal.pending(where)) await look(entry, where, head, count)
    return journal.pending(where).length > 0
  }

  async function run(): Promise<void> {
    if (running) return
    running = true
    for (let more = true; more && !stopped; ) {
      lookAgain = false
      try {
        more = await round()
        failures = 0
      } catch {
        // The chain is away, or its nodes disagree: nothing is decided until that is over.
        failures++
      }
      for (const wake of [...wakeUps]) wake()
      if (more && !stopped && !lookAgain) await pause(Math.min(MAX_BACKOFF_MS, pollMs * 2 ** Math.min(failures, 10)))
    }
    running = false
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      cutPause = () => {
        cancel()
        resolve()
      }
    })
  }

  return {
    async pending() {
      const where = await account()
      await align(where)
      return { where, entries: journal.pending(where) }
    },
    receiptOf,
    begin(entry, signed) {
      const begun = journal.add(entry, signed, clock.now())
      fresh.add(begun.id)
      return tell(begun)
    },
    async outcome(entry, giveUpAtMs) {
      for (let now = entry; ; now = journal.get(entry.id)) {
        if (now.state !== 'pending' || stopped || clock.now() >= giveUpAtMs) return now
        const { promise, resolve: wake } = Promise.withResolvers<void>()
        wakeUps.add(wake)
        void run()
        await promise
        wakeUps.delete(wake)
        if (stopped) return now
      }
    },
    async recheck() {
      journal.prune(clock.now() - KEPT_MS)
      try {
        if (!journal.knows(gasAddress)) return
        const where = await account()
        const head = live(await agreement.head())
        for (const entry of journal.minedAbove(where, head.number - SETTLED_BLOCKS)) await stillThere(entry)
      } catch {
        // The chain is away; whatever is sent next looks again.
      }
      if (!stopped) void run()
    },
    async reconsider(entry) {
      const found = await minedForm(entry)
      return found ? resolve(entry.id, await asMined(found.mined, found.form)) : entry
    },
    async reasonOf(entry) {
      const form = entry.signed.find((one) => one.hash === entry.hash)
      return form && entry.blockNumber !== undefined
        ? pool.whyReverted(form.raw, entry.blockNumber)
        : new MystError('TransactionFailed', entry.message ?? 'The contract refused the transaction.')
    },
    onChange(handle) {
      handles.add(handle)
      return () => void handles.delete(handle)
    },
    stop() {
      stopped = true
      cutPause()
      for (const wake of [...wakeUps]) wake()
    },
  }
}
