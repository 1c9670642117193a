import type { Migration } from './migration.ts'

/**
 * When each identity clears, and promises that issuers made to others, as those told (whitepaper 6.5.6): they
 * are good for looking at only. Money and serials are decimal TEXT.
 */
export const risk: Migration = {
  number: 6,
  name: 'risk',
  up(store) {
    store.run(`
      CREATE TABLE clearing_policy (
        identity TEXT PRIMARY KEY,
        at_once INTEGER NOT NULL,
        threshold TEXT NOT NULL,
        max_age_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`)
    store.run(`
      CREATE TABLE shared_promise (
        issuer TEXT NOT NULL,
        benefiter TEXT NOT NULL,
        serial TEXT NOT NULL,
        amount TEXT NOT NULL,
        signature TEXT NOT NULL,
        heard_at_ms INTEGER NOT NULL,
        PRIMARY KEY (issuer, benefiter, serial)
      ) STRICT, WITHOUT ROWID`)
    store.run('CREATE INDEX shared_promise_by_time ON shared_promise (heard_at_ms)')
  },
}
