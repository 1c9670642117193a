import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Row, Store } from '../ports/store.ts'
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

/** `leftover`: received from the peer and not used. `used`: of what was promised to the peer, what it has earned. */
export type PeerAccount = { leftover: Amount; used: Amount }

/** What one identity remembers of its peers (whitepaper 6.6.2). Lists are by ascending serial within a peer. */
export type LedgerRepository = {
  atomically<T>(work: () => T): T
  account(peer: IdentityId): PeerAccount | undefined
  saveAccount(peer: IdentityId, account: PeerAccount): void
  given(peer?: IdentityId): GivenPromise[]
  saveGiven(promise: GivenPromise): void
  received(peer?: IdentityId): ReceivedPromise[]
  saveReceived(promise: ReceivedPromise): void
  /** Everything not cleared that an issuer promised to any identity of this node. */
  outstandingOf(issuer: IdentityId): { benefiter: IdentityId; serial: bigint; amount: Amount }[]
  /** `day` is YYYY-MM-DD in local time. */
  addEarned(day: string, amount: Amount): void
  earned(day: string): Amount
  /** Oldest first. */
  earnedSince(day: string): { day: string; amount: Amount }[]
}

export function createLedgerRepository(store: Store, own: IdentityId): LedgerRepository {
  const promises = (table: 'promise_given' | 'promise_received', peer: IdentityId | undefined): Row[] =>
    peer === undefined
      ? store.all(`SELECT * FROM ${table} WHERE identity = ? ORDER BY peer, length(serial), serial`, own)
      : store.all(`SELECT * FROM ${table} WHERE identity = ? AND peer = ? ORDER BY length(serial), serial`, own, peer)

  const earned = (day: string): Amount => {
    const row = store.get('SELECT amount FROM earned WHERE identity = ? AND day = ?', own, day)
    return row ? big(row, 'amount') : 0n
  }

  return {
    atomically: (work) => store.transaction(work),
    account(peer) {
      const row = store.get('SELECT * FROM ledger WHERE identity = ? AND peer = ?', own, peer)
      return row && { leftover: big(row, 'leftover'), used: big(row, 'used') }
    },
    saveAccount(peer, { leftover, used }) {
      store.run('INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?)', own, peer, leftover.toString(), used.toString())
    },

    given: (peer) =>
      promises('promise_given', peer).map((row) => ({
        issuer: own,
        serial: big(row, 'serial'),
        benefiter: identity(row, 'peer'),
        amount: big(row, 'amount'),
        signature: hex(row, 'signature'),
        accepted: big(row, 'accepted'),
        stopped: int(row, 'stopped') === 1,
        cleared: int(row, 'cleared') === 1,
        updatedAtMs: int(row, 'updated_at_ms'),
      })),
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

    received: (peer) =>
      promises('promise_received', peer).map((row) => ({
        issuer: identity(row, 'peer'),
        serial: big(row, 'serial'),
        benefiter: own,
        amount: big(row, 'amount'),
        signature: hex(row, 'signature'),
        state: text(row, 'state') as ReceivedPromise['state'],
        stopped: int(row, 'stopped') === 1,
        createdAtMs: int(row, 'created_at_ms'),
        updatedAtMs: int(row, 'updated_at_ms'),
      })),
    saveReceived(promise) {
      store.run(
        'INSERT OR REPLACE INTO promise_received VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
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

    addEarned(day, amount) {
      store.run('INSERT OR REPLACE INTO earned VALUES (?, ?, ?)', own, day, (earned(day) + amount).toString())
    },
    earned,
    earnedSince: (day) =>
      store
        .all('SELECT day, amount FROM earned WHERE identity = ? AND day >= ? ORDER BY day', own, day)
        .map((row) => ({ day: text(row, 'day'), amount: big(row, 'amount') })),
  }
}
