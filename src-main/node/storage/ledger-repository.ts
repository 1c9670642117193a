import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Row, Store, StoreValue } from '../ports/store.ts'
import { big, hex, identity, int, text } from './columns.ts'

/** A promise of ours to the benefiter. */
export type GivenPromise = SignedPromise & {
  /** The highest amount the benefiter is known to hold. */
  accepted: Amount
  /** Never to be updated again. */
  stopped: boolean
  cleared: boolean
  updatedAtMs: number
}

/** A promise to us from the issuer. */
export type ReceivedPromise = SignedPromise & {
  state: 'open' | 'clearing' | 'cleared'
  /** The issuer was told, or is about to be told, not to update it any more. */
  stopped: boolean
  createdAtMs: number
  updatedAtMs: number
}

/**
 * `leftover`: received from the peer and not used. `used`: of what was promised to the peer, what it has
 * earned, less what was cleared: it stands against the promises that are not cleared, and is below zero
 * when the peer has cleared more than it has earned.
 */
export type PeerAccount = { leftover: Amount; used: Amount }

/** Every time zone is a whole number of them off. */
const QUARTER_MS = 900_000

/** What one identity remembers of its peers (whitepaper 6.6.2). Lists are by ascending serial within a peer. */
export type LedgerRepository = {
  atomically<T>(work: () => T): T
  account(peer: IdentityId): PeerAccount | undefined
  accounts(): ({ peer: IdentityId } & PeerAccount)[]
  saveAccount(peer: IdentityId, account: PeerAccount): void
  given(peer?: IdentityId): GivenPromise[]
  /** Those not cleared: few, while `given` grows with the years. */
  openGiven(peer?: IdentityId): GivenPromise[]
  /** The one with the highest serial, cleared or not. */
  lastGiven(peer: IdentityId): GivenPromise | undefined
  /** The same of those that the peer is known to hold. */
  lastAcknowledged(peer: IdentityId): GivenPromise | undefined
  findGiven(peer: IdentityId, serial: bigint): GivenPromise | undefined
  saveGiven(promise: GivenPromise): void
  received(peer?: IdentityId): ReceivedPromise[]
  /** Those not cleared. */
  openReceived(peer?: IdentityId): ReceivedPromise[]
  /** Those with a serial above this one, whatever became of them. */
  receivedAfter(peer: IdentityId, serial: bigint): ReceivedPromise[]
  /** The one with the highest serial. */
  lastReceived(peer: IdentityId): ReceivedPromise | undefined
  saveReceived(promise: ReceivedPromise): void
  /** Everything not cleared that an issuer promised to any identity of this node. */
  outstandingOf(issuer: IdentityId): { benefiter: IdentityId; serial: bigint; amount: Amount }[]
  /** Received from peers and not used yet, in all: they may come back for it. */
  heldAhead(): Amount
  /** What was used of it, kept by quarters of an hour. */
  addEarned(atMs: number, amount: Amount): void
  /** In the quarters that began then or later, oldest first; `atMs` is where each began. */
  earnedSince(ms: number): { atMs: number; amount: Amount }[]
  /**
   * Of received promises that this node has known since then to be cleared: what the chain moved, less the network's
   * fee. Only as far as one's own copy of the chain goes; oldest first.
   */
  clearedSince(ms: number): { atMs: number; amount: Amount }[]
}

export function createLedgerRepository(store: Store, own: IdentityId): LedgerRepository {
  const promises = (
    table: 'promise_given' | 'promise_received',
    peer: IdentityId | undefined,
    where = '1',
    last = false,
    ...params: StoreValue[]
  ): Row[] => {
    const order = last ? 'length(serial) DESC, serial DESC LIMIT 1' : 'peer, length(serial), serial'
    const [ofPeer, peers] = peer === undefined ? ['1', []] : ['peer = ?', [peer]]
    const sql = `SELECT * FROM ${table} WHERE identity = ? AND ${ofPeer} AND ${where} ORDER BY ${order}`
    return store.all(sql, own, ...peers, ...params)
  }

  const toGiven = (row: Row): GivenPromise => ({
    issuer: own,
    serial: big(row, 'serial'),
    benefiter: identity(row, 'peer'),
    amount: big(row, 'amount'),
    signature: hex(row, 'signature'),
    accepted: big(row, 'accepted'),
    stopped: int(row, 'stopped') === 1,
    cleared: int(row, 'cleared') === 1,
    updatedAtMs: int(row, 'updated_at_ms'),
  })

  const toReceived = (row: Row): ReceivedPromise => ({
    issuer: identity(row, 'peer'),
    serial: big(row, 'serial'),
    benefiter: own,
    amount: big(row, 'amount'),
    signature: hex(row, 'signature'),
    state: text(row, 'state') as ReceivedPromise['state'],
    stopped: int(row, 'stopped') === 1,
    createdAtMs: int(row, 'created_at_ms'),
    updatedAtMs: int(row, 'updated_at_ms'),
  })

  const toAccount = (row: Row): PeerAccount => ({ leftover: big(row, 'leftover'), used: big(row, 'used') })

  return {
    atomically: (work) => store.transaction(work),
    account(peer) {
      const row = store.get('SELECT * FROM ledger WHERE identity = ? AND peer = ?', own, peer)
      return row && toAccount(row)
    },
    accounts: () =>
      store
        .all('SELECT * FROM ledger WHERE identity = ?', own)
        .map((row) => ({ peer: identity(row, 'peer'), ...toAccount(row) })),
    saveAccount(peer, { leftover, used }) {
      store.run('INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?)', own, peer, leftover.toString(), used.toString())
    },

    given: (peer) => promises('promise_given', peer).map(toGiven),
    openGiven: (peer) => promises('promise_given', peer, 'cleared = 0').map(toGiven),
    lastGiven: (peer) => promises('promise_given', peer, '1', true).map(toGiven)[0],
    lastAcknowledged: (peer) => promises('promise_given', peer, "accepted <> '0'", true).map(toGiven)[0],
    findGiven: (peer, serial) => promises('promise_given', peer, 'serial = ?', true, serial.toString()).map(toGiven)[0],
    saveGiven(promise) {
      store.run(
        'INSERT OR REPLACE INTO promise_given VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        own,
        promise.benefiter,
        promise.serial.toString(),
        promise.amount.toString(),
        promise.signature,
        promise.accepted.toString(),
        promise.stopped ? 1 : 0,
        promise.cleared ? 1 : 0,
        promise.updatedAtMs,
      )
    },

    received: (peer) => promises('promise_received', peer).map(toReceived),
    openReceived: (peer) => promises('promise_received', peer, "state <> 'cleared'").map(toReceived),
    receivedAfter(peer, serial) {
      const text = serial.toString()
      const digits = text.length
      // Two ranges of one index: a comparison of both columns at once would read everything before as well.
      const ofPair = 'SELECT * FROM promise_received WHERE identity = ? AND peer = ?'
      return store
        .all(
          `${ofPair} AND length(serial) = ? AND serial > ? UNION ALL ${ofPair} AND length(serial) > ?`,
          ...[own, peer, digits, text],
          ...[own, peer, digits],
        )
        .map(toReceived)
        .sort((a, b) => (a.serial < b.serial ? -1 : 1))
    },
    lastReceived: (peer) => promises('promise_received', peer, '1', true).map(toReceived)[0],
    saveReceived(promise) {
      store.run(
        `INSERT INTO promise_received VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET amount = excluded.amount, signature = excluded.signature, state = excluded.state,
           stopped = excluded.stopped, created_at_ms = excluded.created_at_ms, updated_at_ms = excluded.updated_at_ms`,
        own,
        promise.issuer,
        promise.serial.toString(),
        promise.amount.toString(),
        promise.signature,
        promise.state,
        promise.stopped ? 1 : 0,
        promise.createdAtMs,
        promise.updatedAtMs,
      )
    },
    outstandingOf: (issuer) =>
      store
        .all("SELECT identity, serial, amount FROM promise_received WHERE peer = ? AND state <> 'cleared'", issuer)
        .map((row) => ({
          benefiter: identity(row, 'identity'),
          serial: big(row, 'serial'),
          amount: big(row, 'amount'),
        })),

    heldAhead: () =>
      store
        .all("SELECT leftover FROM ledger WHERE identity = ? AND leftover <> '0'", own)
        .reduce((sum, row) => sum + big(row, 'leftover'), 0n),
    addEarned(atMs, amount) {
      const quarter = Math.floor(atMs / QUARTER_MS)
      const known = store.get('SELECT amount FROM earned_quarter WHERE identity = ? AND quarter = ?', own, quarter)
      const sum = (known ? big(known, 'amount') : 0n) + amount
      store.run('INSERT OR REPLACE INTO earned_quarter VALUES (?, ?, ?)', own, quarter, sum.toString())
    },
    earnedSince: (ms) =>
      store
        .all(
          'SELECT quarter, amount FROM earned_quarter WHERE identity = ? AND quarter >= ? ORDER BY quarter',
          own,
          Math.ceil(ms / QUARTER_MS),
        )
        .map((row) => ({ atMs: int(row, 'quarter') * QUARTER_MS, amount: big(row, 'amount') })),
    clearedSince: (ms) =>
      store
        .all(
          `SELECT promise.updated_at_ms, event.amount
           FROM promise_received AS promise JOIN account_event AS event
             ON event.identity = promise.identity AND event.part = 'received'
               AND event.peer = promise.peer AND event.serial = promise.serial
           WHERE promise.identity = ? AND promise.state = 'cleared' AND promise.updated_at_ms >= ?
           ORDER BY promise.updated_at_ms`,
          own,
          ms,
        )
        .map((row) => ({ atMs: int(row, 'updated_at_ms'), amount: big(row, 'amount') })),
  }
}
