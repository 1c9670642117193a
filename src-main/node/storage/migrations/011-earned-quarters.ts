import type { Migration } from './migration.ts'

/**
 * What was promised to each identity per quarter of an hour since 1970 instead of per day of the node's own: whoever
 * looks may live in another time zone, and every zone is a whole number of quarters off. What was kept by day counts
 * as promised at that day's noon. With it two indexes that find what was cleared lately, and what the chain moved for it.
 */
export const earnedQuarters: Migration = {
  number: 11,
  name: 'earned-quarters',
  up(store) {
    store.run(`
      CREATE TABLE earned_quarter (
        identity TEXT NOT NULL,
        quarter INTEGER NOT NULL,
        amount TEXT NOT NULL,
        PRIMARY KEY (identity, quarter)
      ) STRICT, WITHOUT ROWID`)
    store.run(`
      INSERT INTO earned_quarter
      SELECT identity, CAST(strftime('%s', day || ' 12:00:00', 'utc') AS INTEGER) / 900, amount FROM earned`)
    store.run('DROP TABLE earned')
    store.run(
      "CREATE INDEX promise_received_cleared ON promise_received (identity, updated_at_ms) WHERE state = 'cleared'",
    )
    store.run("CREATE INDEX account_event_received ON account_event (identity, peer, serial) WHERE part = 'received'")
  },
}
