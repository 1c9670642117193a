import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'

import type { ChainEvent, Hex } from '../ports/chain.ts'
import type { Row, Store } from '../ports/store.ts'
import { big, blob, hex, identity, int, optionalInt, optionalText, text } from './columns.ts'

export type StoredBlock = { number: number; hash: Hex }
/** `executableAt` in seconds since 1970, as the contract counts. */
export type PendingWithdrawal = { amount: Amount; to: Hex; executableAt: number }
export type AccountEvent = Extract<ChainEvent, { name: 'Deposited' | 'Cleared' | 'WithdrawalAnnounced' | 'Withdrawn' }>
export type Registration = Extract<ChainEvent, { name: 'Registered' }>

/**
 * This node's own copy of identities and accounts (whitepaper 6.3, 6.5.1): every balance follows from
 * the events alone. All of it hangs on blocks; `rollBackTo` is how a reorganisation is undone.
 */
export type ChainRepository = {
  /** Names what is copied; true when it was something else before, which is then forgotten. */
  bind(deployment: string): boolean
  /** The first block that was copied from one node while others that could be asked too were away. */
  uncomparedFrom(): number | undefined
  setUncomparedFrom(number: number | undefined): void
  /** The highest block copied. */
  tip(): StoredBlock | undefined
  blockHash(number: number): Hex | undefined
  /** Remembered blocks from the highest down, at most `limit`, below `number`. */
  blocksBelow(number: number, limit: number): StoredBlock[]
  /** `empty`: it carries no event and may be forgotten one day. */
  addBlock(block: StoredBlock, empty: boolean): void
  /** When a block was mined, in seconds since 1970; of no effect when another one took its place. */
  setBlockTime(block: StoredBlock, minedAt: number): void
  /** Forgets every block above `number` with all that came from it, and recomputes what it touched. */
  rollBackTo(number: number): void
  /** Forgets blocks below `number` that carry no event. */
  prune(number: number): void
  addRegistration(event: Registration): void
  publicKey(id: IdentityId): Uint8Array | undefined
  registeredValue(id: IdentityId): Amount
  registeredCount(): number
  /** `feeAccount`: whose account the contract credits with the network fee. The same event twice counts once. */
  addAccountEvent(event: AccountEvent, feeAccount: IdentityId): void
  balanceOf(id: IdentityId): Amount
  /** 0n when nothing of the pair was cleared. */
  lastClearedSerial(issuer: IdentityId, benefiter: IdentityId): bigint
  withdrawalOf(id: IdentityId): PendingWithdrawal | undefined
  /** Every account there is, for comparison with the contract. */
  balances(): { identity: IdentityId; balance: Amount }[]
  /** What an issuer paid lately, to anybody or to one, newest first: its payment history (whitepaper 6.5.6). */
  clearings(
    issuer: IdentityId,
    limit: number,
    benefiter?: IdentityId,
  ): { benefiter: IdentityId; serial: bigint; amount: Amount; blockNumber: number }[]
}

type Part = {
  identity: IdentityId
  part: 'deposit' | 'issued' | 'received' | 'fee' | 'withdrawal' | 'withdrawn'
  amount: Amount
  /** The other side of a clearing; where a withdrawal goes. */
  peer?: Hex
  serial?: bigint
  executableAt?: number
}

type Account = { balance: Amount; withdrawal: PendingWithdrawal | undefined }

export function createChainRepository(store: Store): ChainRepository {
  const account = (id: IdentityId): Account => {
    const row = store.get('SELECT * FROM account WHERE identity = ?', id)
    return row ? toAccount(row) : { balance: 0n, withdrawal: undefined }
  }

  const writeAccount = (id: IdentityId, { balance, withdrawal }: Account): void => {
    store.run(
      'INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?)',
      id,
      balance.toString(),
      withdrawal?.amount.toString() ?? null,
      withdrawal?.to ?? null,
      withdrawal?.executableAt ?? null,
    )
  }

  const recomputeAccount = (id: IdentityId): void => {
    const rows = store.all('SELECT * FROM account_event WHERE identity = ? ORDER BY block_number, log_index', id)
    if (rows.length === 0) store.run('DELETE FROM account WHERE identity = ?', id)
    else writeAccount(id, rows.map(toPart).reduce(apply, { balance: 0n, withdrawal: undefined }))
  }

  const recomputeSerial = (issuer: IdentityId, benefiter: IdentityId): void => {
    const last = store.get(
      `SELECT serial FROM account_event WHERE identity = ? AND part = 'issued' AND peer = ?
       ORDER BY block_number DESC, log_index DESC LIMIT 1`,
      issuer,
      benefiter,
    )
    if (last) writeSerial(issuer, benefiter, big(last, 'serial'))
    else store.run('DELETE FROM cleared_serial WHERE issuer = ? AND benefiter = ?', issuer, benefiter)
  }

  const writeSerial = (issuer: IdentityId, benefiter: IdentityId, serial: bigint): void => {
    store.run('INSERT OR REPLACE INTO cleared_serial VALUES (?, ?, ?)', issuer, benefiter, serial.toString())
  }

  const rollBackTo = (number: number): void => {
    store.transaction(() => {
      const accounts = store.all('SELECT DISTINCT identity FROM account_event WHERE block_number > ?', number)
      const pairs = store.all(
        "SELECT DISTINCT identity, peer FROM account_event WHERE part = 'issued' AND block_number > ?",
        number,
      )
      store.run('DELETE FROM block WHERE number > ?', number)
      for (const row of accounts) recomputeAccount(identity(row, 'identity'))
      for (const row of pairs) recomputeSerial(identity(row, 'identity'), identity(row, 'peer'))
    })
  }

  return {
    bind: (deployment) =>
      store.transaction(() => {
        const row = store.get('SELECT name FROM deployment')
        if (row && text(row, 'name') === deployment) return false
        store.run('INSERT OR REPLACE INTO deployment (id, name) VALUES (1, ?)', deployment)
        if (row) rollBackTo(-1)
        return row !== undefined
      }),
    uncomparedFrom() {
      const row = store.get('SELECT uncompared_from FROM deployment')
      return row && optionalInt(row, 'uncompared_from')
    },
    setUncomparedFrom: (number) => void store.run('UPDATE deployment SET uncompared_from = ?', number ?? null),
    tip() {
      const row = store.get('SELECT number, hash FROM block ORDER BY number DESC LIMIT 1')
      return row && toBlock(row)
    },
    blockHash(number) {
      const row = store.get('SELECT hash FROM block WHERE number = ?', number)
      return row && hex(row, 'hash')
    },
    blocksBelow: (number, limit) =>
      store
        .all('SELECT number, hash FROM block WHERE number < ? ORDER BY number DESC LIMIT ?', number, limit)
        .map(toBlock),
    addBlock({ number, hash }, empty) {
      store.run(
        `INSERT INTO block (number, hash, empty) VALUES (?, ?, ?)
         ON CONFLICT (number) DO UPDATE SET empty = min(empty, excluded.empty)`,
        number,
        hash,
        empty ? 1 : 0,
      )
    },
    setBlockTime: ({ number, hash }, minedAt) =>
      void store.run('UPDATE block SET mined_at = ? WHERE number = ? AND hash = ?', minedAt, number, hash),
    rollBackTo,
    prune: (number) => void store.run('DELETE FROM block WHERE empty = 1 AND number < ?', number),

    addRegistration(event) {
      store.run(
        'INSERT OR IGNORE INTO registration (identity, public_key, value, block_number, log_index) VALUES (?, ?, ?, ?, ?)',
        event.identity,
        event.publicKey,
        event.value.toString(),
        event.blockNumber,
        event.logIndex,
      )
    },
    publicKey(id) {
      const row = store.get('SELECT public_key FROM registration WHERE identity = ?', id)
      return row && blob(row, 'public_key')
    },
    registeredValue(id) {
      const row = store.get('SELECT value FROM registration WHERE identity = ?', id)
      return row ? big(row, 'value') : 0n
    },
    registeredCount() {
      const row = store.get('SELECT count(*) AS count FROM registration')
      return row ? int(row, 'count') : 0
    },

    addAccountEvent(event, feeAccount) {
      for (const part of partsOf(event, feeAccount)) {
        const { changes } = store.run(
          'INSERT OR IGNORE INTO account_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
          part.identity,
          event.blockNumber,
          event.logIndex,
          part.part,
          part.amount.toString(),
          part.peer ?? null,
          part.serial?.toString() ?? null,
          part.executableAt ?? null,
          event.transactionHash,
        )
        // The same event twice counts once.
        if (changes === 0) continue
        writeAccount(part.identity, apply(account(part.identity), part))
        if (part.part === 'issued' && event.name === 'Cleared') writeSerial(event.issuer, event.benefiter, event.serial)
      }
    },
    balanceOf: (id) => account(id).balance,
    lastClearedSerial(issuer, benefiter) {
      const row = store.get('SELECT serial FROM cleared_serial WHERE issuer = ? AND benefiter = ?', issuer, benefiter)
      return row ? big(row, 'serial') : 0n
    },
    withdrawalOf: (id) => account(id).withdrawal,
    balances: () =>
      store
        .all('SELECT identity, balance FROM account ORDER BY identity')
        .map((row) => ({ identity: identity(row, 'identity'), balance: big(row, 'balance') })),
    clearings: (id, limit, benefiter) =>
      store
        .all(
          `SELECT * FROM account_event WHERE identity = ? AND part = 'issued' AND peer = ifnull(?, peer)
           ORDER BY block_number DESC, log_index DESC LIMIT ?`,
          id,
          benefiter ?? null,
          limit,
        )
        .map((row) => ({
          benefiter: identity(row, 'peer'),
          serial: big(row, 'serial'),
          amount: big(row, 'amount'),
          blockNumber: int(row, 'block_number'),
        })),
  }
}

/** What an event means to each account it touches; issuer, benefiter and network may be one and the same. */
function partsOf(event: AccountEvent, feeAccount: IdentityId): Part[] {
  switch (event.name) {
    case 'Deposited':
      return [{ part: 'deposit', identity: event.identity, amount: event.amount }]
    case 'Cleared': {
      const { issuer, benefiter, serial, amount, fee } = event
      return [
        { part: 'issued', identity: issuer, amount, peer: benefiter, serial },
        { part: 'received', identity: benefiter, amount: amount - fee, peer: issuer, serial },
        { part: 'fee', identity: feeAccount, amount: fee, peer: issuer, serial },
      ]
    }
    case 'WithdrawalAnnounced': {
      const { identity: id, amount, to, executableAt } = event
      return [{ part: 'withdrawal', identity: id, amount, peer: to, executableAt }]
    }
    case 'Withdrawn':
      return [{ part: 'withdrawn', identity: event.identity, amount: event.amount, peer: event.to }]
  }
}

function apply({ balance, withdrawal }: Account, part: Part): Account {
  switch (part.part) {
    case 'deposit':
    case 'received':
    case 'fee':
      return { balance: balance + part.amount, withdrawal }
    case 'issued':
      return { balance: balance - part.amount, withdrawal }
    case 'withdrawal':
      // Replaces an earlier one; the balance stays until it is executed.
      return part.peer === undefined || part.executableAt === undefined
        ? { balance, withdrawal }
        : { balance, withdrawal: { amount: part.amount, to: part.peer, executableAt: part.executableAt } }
    case 'withdrawn':
      return { balance: balance - part.amount, withdrawal: undefined }
  }
}

function toBlock(row: Row): StoredBlock {
  return { number: int(row, 'number'), hash: hex(row, 'hash') }
}

function toPart(row: Row): Part {
  const executableAt = optionalInt(row, 'executable_at')
  return {
    identity: identity(row, 'identity'),
    // The table's CHECK admits nothing else.
    part: text(row, 'part') as Part['part'],
    amount: big(row, 'amount'),
    ...(row.peer === null ? {} : { peer: hex(row, 'peer') }),
    ...(row.serial === null ? {} : { serial: big(row, 'serial') }),
    ...(executableAt === undefined ? {} : { executableAt }),
  }
}

function toAccount(row: Row): Account {
  const withdrawal =
    optionalText(row, 'withdrawal_to') === undefined
      ? undefined
      : {
          amount: big(row, 'withdrawal_amount'),
          to: hex(row, 'withdrawal_to'),
          executableAt: int(row, 'withdrawal_executable_at'),
        }
  return { balance: big(row, 'balance'), withdrawal }
}
