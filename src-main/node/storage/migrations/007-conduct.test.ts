import { describe, expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { conduct } from './007-conduct.ts'

describe('migration 007', () => {
  it('adds the tables of conduct, as released', () => {
    const store = openStore(':memory:')
    migrate(store, [conduct])
    const columns = store.all(
      `SELECT m.name || '.' || c.name || ' ' || c.type AS line FROM sqlite_schema m, pragma_table_info(m.name) c
       WHERE m.type = 'table' AND m.name <> 'migration' ORDER BY m.name, c.cid`,
    )
    expect(columns.map((row) => row.line)).toMatchInlineSnapshot(`
      [
        "misconduct.provider TEXT",
        "misconduct.kind TEXT",
        "misconduct.count INTEGER",
        "misconduct.last_at_ms INTEGER",
        "misconduct.lost TEXT",
        "peer_word.identity TEXT",
        "peer_word.peer TEXT",
        "peer_word.leftover TEXT",
        "peer_word.settled INTEGER",
      ]
    `)
    store.close()
  })
})
