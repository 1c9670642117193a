import type { Migration } from './migration.ts'

/**
 * What is signed of each session, as JSON: the last record that both sides signed (`by_both` 1), and what this side
 * signed since and the other has not (0). Of sessions from before nothing is.
 */
export const signedRecords: Migration = {
  number: 12,
  name: 'signed-records',
  up(store) {
    store.run(`
      CREATE TABLE signed_record (
        identity TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('consumer', 'provider')),
        peer TEXT NOT NULL,
        session_id TEXT NOT NULL,
        by_both INTEGER NOT NULL CHECK (by_both IN (0, 1)),
        record TEXT NOT NULL,
        PRIMARY KEY (identity, role, peer, session_id, by_both)
      ) STRICT, WITHOUT ROWID`)
  },
}
