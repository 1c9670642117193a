import type { Migration } from './migration.ts'

/** What stays of each session on either side (whitepaper 6.6.3): never where the traffic went. */
export const sessions: Migration = {
  number: 4,
  name: 'sessions',
  up(store) {
    store.run(`
      CREATE TABLE session (
        identity TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('consumer', 'provider')),
        peer TEXT NOT NULL,
        session_id TEXT NOT NULL,
        serial INTEGER NOT NULL,
        service_type TEXT NOT NULL,
        started_at_ms INTEGER NOT NULL,
        ended_at_ms INTEGER,
        ended_by TEXT,
        cost TEXT NOT NULL,
        bytes_up TEXT NOT NULL,
        bytes_down TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        PRIMARY KEY (identity, role, peer, session_id)
      ) STRICT, WITHOUT ROWID`)
    store.run('CREATE INDEX session_by_start ON session (identity, started_at_ms)')
  },
}
