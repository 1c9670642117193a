import type { Migration } from './migration.ts'

/** How providers behaved towards this node's money. Money is decimal TEXT. */
export const conduct: Migration = {
  number: 7,
  name: 'conduct',
  up(store) {
    // lost: promised to the provider and not earned by it, as far as this kind of misconduct took it.
    store.run(`
      CREATE TABLE misconduct (
        provider TEXT NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        last_at_ms INTEGER NOT NULL,
        lost TEXT NOT NULL,
        PRIMARY KEY (provider, kind)
      ) STRICT, WITHOUT ROWID`)
    // leftover: what a peer must have left of ours by its own words. settled: no session may have used more since.
    store.run(`
      CREATE TABLE peer_word (
        identity TEXT NOT NULL,
        peer TEXT NOT NULL,
        leftover TEXT NOT NULL,
        settled INTEGER NOT NULL,
        PRIMARY KEY (identity, peer)
      ) STRICT, WITHOUT ROWID`)
  },
}
