import type { Hex, SentTransaction, TransactionPurpose } from '../ports/chain.ts'
import type { Row, Store } from '../ports/store.ts'
import { big, hex, int, optionalInt, optionalText, text } from './columns.ts'

/** One form of a transaction as it was signed; replacements share the nonce, so one of them at most is mined. */
export type SignedForm = { hash: Hex; raw: Hex }

export type JournalEntry = SentTransaction & {
  readonly id: number
  readonly chain: string
  readonly nonce: number
  /** The most per unit of gas that a replacement may offer, in wei. */
  readonly mostPerGas: bigint
  /** Somebody who asked for it has heard what came of it. */
  readonly told: boolean
  /** Oldest first. */
  readonly signed: readonly SignedForm[]
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

type Account = { chain: string; gasAddress: Hex }
type Outcome = Pick<SentTransaction, 'state' | 'hash' | 'blockNumber' | 'gasPaid' | 'message'>

/**
 * What gas accounts sent and mean to send: written before it is broadcast, so that after a crash anywhere
 * the same bytes go out again instead of new ones. All of it is per chain and gas account.
 */
export type TransactionJournal = {
  add(
    entry: Account & TransactionPurpose & { nonce: number; mostPerGas: bigint },
    signed: SignedForm,
    nowMs: number,
  ): JournalEntry
  addSigned(id: number, signed: SignedForm, nowMs: number): JournalEntry
  /** Writes what came of it; what is not named is forgotten. */
  resolve(id: number, outcome: Outcome, nowMs: number): JournalEntry
  tell(id: number): void
  get(id: number): JournalEntry
  /** Not resolved, lowest nonce first. */
  pending(account: Account): JournalEntry[]
  /** Mined at this nonce or above, as far as was known. */
  minedFrom(account: Account, nonce: number): JournalEntry[]
  /** Mined in a block above this one. */
  minedAbove(account: Account, blockNumber: number): JournalEntry[]
  atNonce(account: Account, nonce: number): JournalEntry[]
  latest(account: Account, intent: string): JournalEntry | undefined
  /** Whether this account ever sent anything, on whatever chain. */
  knows(gasAddress: Hex): boolean
  /** The highest nonce that was used up on the chain. */
  highestNonce(account: Account): number | undefined
  /** Paid since then for what goes on and on: everything but registering. */
  gasPaidSince(gasAddress: Hex, ms: number): bigint
  /** Forgets what was resolved before then. */
  prune(beforeMs: number): void
}

const USED_UP = "('done', 'reverted', 'displaced')"

export function createTransactionJournal(store: Store): TransactionJournal {
  const toEntry = (row: Row): JournalEntry => {
    const id = int(row, 'id')
    const signed = store.all('SELECT hash, raw FROM signed_transaction WHERE sent_id = ? ORDER BY id', id)
    const minedIn = optionalText(row, 'hash')
    const blockNumber = optionalInt(row, 'block_number')
    const message = optionalText(row, 'message')
    const forms = signed.map((form) => ({ hash: hex(form, 'hash'), raw: hex(form, 'raw') }))
    const shown = minedIn === undefined ? forms.at(-1)?.hash : hex(row, 'hash')
    return {
      id,
      chain: text(row, 'chain'),
      gasAddress: hex(row, 'gas_address'),
      nonce: int(row, 'nonce'),
      // The table's CHECKs admit nothing else.
      what: text(row, 'what') as JournalEntry['what'],
      state: text(row, 'state') as JournalEntry['state'],
      intent: text(row, 'intent'),
      mostPerGas: big(row, 'most_per_gas'),
      told: int(row, 'told') === 1,
      replaced: forms.length > 1,
      signed: forms,
      createdAtMs: int(row, 'created_at_ms'),
      updatedAtMs: int(row, 'updated_at_ms'),
      ...(shown === undefined ? {} : { hash: shown }),
      ...(blockNumber === undefined ? {} : { blockNumber }),
      ...(row.gas_paid === null ? {} : { gasPaid: big(row, 'gas_paid') }),
      ...(message === undefined ? {} : { message }),
    }
  }

  const get = (id: number): JournalEntry => {
    const row = store.get('SELECT * FROM sent_transaction WHERE id = ?', id)
    if (!row) throw new Error(`no transaction ${id} in the journal`)
    return toEntry(row)
  }

  const where = ({ chain, gasAddress }: Account, condition: string, ...params: (number | string)[]) =>
    store
      .all(
        `SELECT * FROM sent_transaction WHERE chain = ? AND gas_address = ? AND ${condition}`,
        chain,
        gasAddress,
        ...params,
      )
      .map(toEntry)

  const insertSigned = (id: number, { hash, raw }: SignedForm) =>
    store.run('INSERT INTO signed_transaction (sent_id, hash, raw) VALUES (?, ?, ?)', id, hash, raw)

  return {
    add: (entry, signed, nowMs) =>
      store.transaction(() => {
        const row = store.get(
          `INSERT INTO sent_transaction
             (chain, gas_address, nonce, what, intent, most_per_gas, state, told, created_at_ms, updated_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, 'pending', 0, ?, ?) RETURNING id`,
          entry.chain,
          entry.gasAddress,
          entry.nonce,
          entry.what,
          entry.intent,
          entry.mostPerGas.toString(),
          nowMs,
          nowMs,
        )
        const id = int(row ?? {}, 'id')
        insertSigned(id, signed)
        return get(id)
      }),
    addSigned: (id, signed, nowMs) =>
      store.transaction(() => {
        insertSigned(id, signed)
        store.run('UPDATE sent_transaction SET message = NULL, updated_at_ms = ? WHERE id = ?', nowMs, id)
        return get(id)
      }),
    resolve(id, { state, hash, blockNumber, gasPaid, message }, nowMs) {
      store.run(
        `UPDATE sent_transaction SET state = ?, hash = ?, block_number = ?, gas_paid = ?, message = ?, updated_at_ms = ?
         WHERE id = ?`,
        state,
        hash ?? null,
        blockNumber ?? null,
        gasPaid?.toString() ?? null,
        message ?? null,
        nowMs,
        id,
      )
      return get(id)
    },
    tell: (id) => void store.run('UPDATE sent_transaction SET told = 1 WHERE id = ?', id),
    get,
    pending: (account) => where(account, "state = 'pending' ORDER BY nonce, id"),
    minedFrom: (account, nonce) => where(account, "state IN ('done', 'reverted') AND nonce >= ? ORDER BY nonce", nonce),
    minedAbove: (account, block) =>
      where(account, "state IN ('done', 'reverted') AND block_number > ? ORDER BY nonce", block),
    atNonce: (account, nonce) => where(account, 'nonce = ? ORDER BY id', nonce),
    latest: (account, intent) => where(account, 'intent = ? ORDER BY id DESC LIMIT 1', intent)[0],
    knows: (gasAddress) =>
      store.get('SELECT 1 AS found FROM sent_transaction WHERE gas_address = ? LIMIT 1', gasAddress.toLowerCase()) !==
      undefined,
    highestNonce({ chain, gasAddress }) {
      const row = store.get(
        `SELECT max(nonce) AS nonce FROM sent_transaction WHERE chain = ? AND gas_address = ? AND state IN ${USED_UP}`,
        chain,
        gasAddress,
      )
      return row && optionalInt(row, 'nonce')
    },
    gasPaidSince: (gasAddress, ms) =>
      store
        .all(
          `SELECT gas_paid FROM sent_transaction
           WHERE gas_address = ? AND what <> 'register' AND gas_paid IS NOT NULL AND created_at_ms >= ?`,
          gasAddress.toLowerCase(),
          ms,
        )
        .reduce((sum, row) => sum + big(row, 'gas_paid'), 0n),
    prune: (beforeMs) =>
      void store.run("DELETE FROM sent_transaction WHERE state <> 'pending' AND updated_at_ms < ?", beforeMs),
  }
}
