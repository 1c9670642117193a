import type { Migration } from './migration.ts'

/**
 * What is remembered of each peer (whitepaper 6.6.2), per own identity. Money and serials are decimal
 * TEXT; `ORDER BY length(serial), serial` is their order as numbers.
 */
export const ledger: Migration = {
  number: 3,
  name: 'ledger',
  up(store) {
    // leftover: received from the peer, not used yet. used: of what was promised to it, what it earned.
    store.run(`
      CREATE TABLE ledger (
        identity TEXT NOT NULL,
        peer TEXT NOT NULL,
        leftover TEXT NOT NULL,
        used TEXT NOT NULL,
        PRIMARY KEY (identity, peer)
      ) STRICT, WITHOUT ROWID`)
    // accepted: the highest amount the peer is known to hold. stopped: never to be updated again.
    store.run(`
      CREATE TABLE promise_given (
        identity TEXT NOT NULL,
        peer TEXT NOT NULL,
        serial TEXT NOT NULL,
        amount TEXT NOT NULL,
        signature TEXT NOT NULL,
        accepted TEXT NOT NULL,
        stopped INTEGER NOT NULL,
        cleared INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL,
        PRIMARY KEY (identity, peer, serial)
      ) STRICT, WITHOUT ROWID`)
    store.run(`
      CREATE TABLE promise_received (
        identity TEXT NOT NULL,
        peer TEXT NOT NULL,
        serial TEXT NOT NULL,
        amount TEXT NOT NULL,
        signature TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'clearing', 'cleared')),
        stopped INTEGER NOT NULL,
        created_at_ms INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL,
        PRIMARY KEY (identity, peer, serial)
      ) STRICT, WITHOUT ROWID`)
    // day: local, as YYYY-MM-DD.
    store.run(`
      CREATE TABLE earned (
        identity TEXT NOT NULL,
        day TEXT NOT NULL,
        amount TEXT NOT NULL,
        PRIMARY KEY (identity, day)
      ) STRICT, WITHOUT ROWID`)
  },
}
