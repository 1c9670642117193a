import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'

import type { Row, Store } from '../ports/store.ts'
import { big, hex, identity, int } from './columns.ts'

/** A promise to somebody else that somebody told of. */
export type SharedPromise = SignedPromise & { heardAtMs: number }

/** What issuers promised to others, as far as those told (whitepaper 6.5.6): of each promise the highest amount. */
export type SharedPromiseRepository = {
  /** Keeps at most `ofIssuer` of this issuer, the highest, and `inAll`, the latest heard. */
  save(promise: SharedPromise, bounds: { ofIssuer: number; inAll: number }): void
  find(promise: Pick<SignedPromise, 'issuer' | 'benefiter' | 'serial'>): SharedPromise | undefined
  /** The highest first. */
  of(issuer: IdentityId): SharedPromise[]
  all(): SharedPromise[]
  remove(promise: Pick<SignedPromise, 'issuer' | 'benefiter' | 'serial'>): void
}

export function createSharedPromiseRepository(store: Store): SharedPromiseRepository {
  return {
    save({ issuer, benefiter, serial, amount, signature, heardAtMs }, { ofIssuer, inAll }) {
      store.transaction(() => {
        store.run(
          'INSERT OR REPLACE INTO shared_promise VALUES (?, ?, ?, ?, ?, ?)',
          issuer,
          benefiter,
          serial.toString(),
          amount.toString(),
          signature,
          heardAtMs,
        )
        store.run(
          `DELETE FROM shared_promise WHERE issuer = ?1 AND (benefiter, serial) IN (
             SELECT benefiter, serial FROM shared_promise WHERE issuer = ?1
             ORDER BY length(amount) DESC, amount DESC LIMIT -1 OFFSET ?2)`,
          issuer,
          ofIssuer,
        )
        store.run(
          `DELETE FROM shared_promise WHERE (issuer, benefiter, serial) IN (
             SELECT issuer, benefiter, serial FROM shared_promise ORDER BY heard_at_ms DESC LIMIT -1 OFFSET ?)`,
          inAll,
        )
      })
    },
    find({ issuer, benefiter, serial }) {
      const row = store.get(
        'SELECT * FROM shared_promise WHERE issuer = ? AND benefiter = ? AND serial = ?',
        issuer,
        benefiter,
        serial.toString(),
      )
      return row && toShared(row)
    },
    of: (issuer) =>
      store
        .all('SELECT * FROM shared_promise WHERE issuer = ? ORDER BY length(amount) DESC, amount DESC', issuer)
        .map(toShared),
    all: () => store.all('SELECT * FROM shared_promise ORDER BY heard_at_ms').map(toShared),
    remove({ issuer, benefiter, serial }) {
      store.run(
        'DELETE FROM shared_promise WHERE issuer = ? AND benefiter = ? AND serial = ?',
        issuer,
        benefiter,
        serial.toString(),
      )
    },
  }
}

function toShared(row: Row): SharedPromise {
  return {
    issuer: identity(row, 'issuer'),
    serial: big(row, 'serial'),
    benefiter: identity(row, 'benefiter'),
    amount: big(row, 'amount'),
    signature: hex(row, 'signature'),
    heardAtMs: int(row, 'heard_at_ms'),
  }
}
