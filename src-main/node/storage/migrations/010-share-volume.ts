import type { Migration } from './migration.ts'

/** What each identity carried for others per calendar month (`2026-03`, local time); bytes are decimal TEXT. */
export const shareVolume: Migration = {
  number: 10,
  name: 'share-volume',
  up(store) {
    store.run(`
      CREATE TABLE share_volume (
        identity TEXT NOT NULL,
        month TEXT NOT NULL,
        bytes TEXT NOT NULL,
        PRIMARY KEY (identity, month)
      ) STRICT, WITHOUT ROWID`)
  },
}
