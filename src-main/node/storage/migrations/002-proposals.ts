import type { Migration } from './migration.ts'

/**
 * Proposals copied from the chain, with the columns that queries filter by; `bytes` is what was signed,
 * as it came. Which announcement of a provider's serial counts is decided by the query, so that a
 * reorganisation needs no more than the deletion of its blocks. Prices are padded with zeros to 40
 * digits: then text order is number order.
 */
export const proposals: Migration = {
  number: 2,
  name: 'proposals',
  up(store) {
    store.run(`
      CREATE TABLE announcement (
        block_number INTEGER NOT NULL REFERENCES block (number) ON DELETE CASCADE,
        log_index INTEGER NOT NULL,
        provider TEXT NOT NULL,
        serial INTEGER NOT NULL,
        issued_at_block INTEGER NOT NULL,
        service_type TEXT NOT NULL,
        service_country TEXT NOT NULL,
        origin_country TEXT NOT NULL,
        unit TEXT NOT NULL,
        price TEXT NOT NULL CHECK (length(price) = 40),
        bandwidth_mbps REAL NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (block_number, log_index)
      ) STRICT, WITHOUT ROWID`)
    store.run(
      'CREATE INDEX announcement_by_serial ON announcement (provider, serial, issued_at_block, block_number, log_index)',
    )
    store.run('CREATE INDEX announcement_by_price ON announcement (price)')
    store.run(`
      CREATE TABLE provider_experience (
        provider TEXT PRIMARY KEY,
        preferred INTEGER NOT NULL DEFAULT 0,
        sessions INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        last_connect_ms INTEGER
      ) STRICT, WITHOUT ROWID`)
    // What this node announced or is about to; `valid` is 0 once other terms replaced it.
    store.run(`
      CREATE TABLE own_proposal (
        provider TEXT NOT NULL,
        serial INTEGER NOT NULL,
        service_type TEXT NOT NULL,
        terms TEXT NOT NULL,
        issued_at_block INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        valid INTEGER NOT NULL,
        PRIMARY KEY (provider, serial)
      ) STRICT, WITHOUT ROWID`)
  },
}
