import type { Migration } from './migration.ts'

/**
 * What was copied from the chain. Every row hangs on its block, so that a reorganisation is undone by
 * deleting the blocks above the fork; `account` and `cleared_serial` are sums of `account_event` and are
 * recomputed for the identities concerned. Identifiers and hashes are lower-case hex, money is TEXT.
 */
export const chain: Migration = {
  number: 1,
  name: 'chain',
  up(store) {
    // Which chain and contracts all of this was copied from.
    store.run('CREATE TABLE deployment (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT')
    // Blocks without events are remembered for a while, to tell where a reorganisation began.
    store.run('CREATE TABLE block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL, empty INTEGER NOT NULL) STRICT')
    store.run('CREATE INDEX block_empty ON block (number) WHERE empty = 1')
    store.run(`
      CREATE TABLE registration (
        identity TEXT NOT NULL,
        public_key BLOB NOT NULL,
        value TEXT NOT NULL,
        block_number INTEGER NOT NULL REFERENCES block (number) ON DELETE CASCADE,
        log_index INTEGER NOT NULL,
        PRIMARY KEY (block_number, log_index)
      ) STRICT`)
    store.run('CREATE INDEX registration_by_identity ON registration (identity, block_number, log_index)')
    // One row per identity an event touches: a clearing has two, the network fee a third.
    store.run(`
      CREATE TABLE account_event (
        identity TEXT NOT NULL,
        block_number INTEGER NOT NULL REFERENCES block (number) ON DELETE CASCADE,
        log_index INTEGER NOT NULL,
        part TEXT NOT NULL CHECK (part IN ('deposit', 'issued', 'received', 'fee', 'withdrawal', 'withdrawn')),
        amount TEXT NOT NULL,
        peer TEXT,
        serial TEXT,
        executable_at INTEGER,
        PRIMARY KEY (identity, block_number, log_index, part)
      ) STRICT, WITHOUT ROWID`)
    store.run('CREATE INDEX account_event_by_block ON account_event (block_number)')
    store.run(`
      CREATE TABLE account (
        identity TEXT PRIMARY KEY,
        balance TEXT NOT NULL,
        withdrawal_amount TEXT,
        withdrawal_to TEXT,
        withdrawal_executable_at INTEGER
      ) STRICT, WITHOUT ROWID`)
    store.run(`
      CREATE TABLE cleared_serial (
        issuer TEXT NOT NULL,
        benefiter TEXT NOT NULL,
        serial TEXT NOT NULL,
        PRIMARY KEY (issuer, benefiter)
      ) STRICT, WITHOUT ROWID`)
  },
}
