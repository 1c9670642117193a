import type { Migration } from './migration.ts'

/**
 * The journal of transactions that gas accounts of this node pay for. `sent_transaction` is what was wanted
 * and what came of it; `signed_transaction` every form of it that was signed (a replacement has the same
 * nonce and a higher fee), written before it is broadcast. `chain` is chain id and first block: a local
 * chain that was started anew knows nothing of the old one's transactions.
 *
 * Account events get the hash of their transaction. What was copied before has none, so that the copy of
 * the chain begins anew.
 */
export const transactions: Migration = {
  number: 5,
  name: 'transactions',
  up(store) {
    store.run(`
      CREATE TABLE sent_transaction (
        id INTEGER PRIMARY KEY,
        chain TEXT NOT NULL,
        gas_address TEXT NOT NULL,
        nonce INTEGER NOT NULL,
        what TEXT NOT NULL CHECK (what IN ('register', 'deposit', 'withdraw', 'clear', 'announce')),
        intent TEXT NOT NULL,
        most_per_gas TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'reverted', 'unsent', 'displaced')),
        told INTEGER NOT NULL,
        hash TEXT,
        block_number INTEGER,
        gas_paid TEXT,
        message TEXT,
        created_at_ms INTEGER NOT NULL,
        updated_at_ms INTEGER NOT NULL
      ) STRICT`)
    store.run('CREATE INDEX sent_transaction_by_nonce ON sent_transaction (chain, gas_address, nonce)')
    store.run(`
      CREATE TABLE signed_transaction (
        id INTEGER PRIMARY KEY,
        sent_id INTEGER NOT NULL REFERENCES sent_transaction (id) ON DELETE CASCADE,
        hash TEXT NOT NULL UNIQUE,
        raw TEXT NOT NULL
      ) STRICT`)
    store.run('CREATE INDEX signed_transaction_by_sent ON signed_transaction (sent_id)')

    store.run('ALTER TABLE account_event ADD COLUMN transaction_hash TEXT')
    // Registrations, account events and announcements go with their blocks; these two are their sums.
    store.run('DELETE FROM block')
    store.run('DELETE FROM account')
    store.run('DELETE FROM cleared_serial')
  },
}
