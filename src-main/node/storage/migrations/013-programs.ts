import type { Migration } from './migration.ts'

/**
 * Programs with a connection of their own. `spent`: by sessions that are over. `reserved`: the most that the one which
 * runs may come to, written before anything is promised in it. Of a key there is only the SHA-256 hash.
 */
export const programs: Migration = {
  number: 13,
  name: 'programs',
  up(store) {
    store.run(`
      CREATE TABLE program (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        budget TEXT NOT NULL,
        spent TEXT NOT NULL DEFAULT '0',
        reserved TEXT NOT NULL DEFAULT '0',
        socks_port INTEGER NOT NULL UNIQUE,
        country TEXT,
        max_price TEXT,
        unit TEXT CHECK (unit IN ('GiB', 'hour')),
        created_at_ms INTEGER NOT NULL,
        key_hash TEXT UNIQUE,
        key_hint TEXT,
        last_used_at_ms INTEGER
      ) STRICT, WITHOUT ROWID`)
  },
}
