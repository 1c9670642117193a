import { describe, expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { migrations } from './index.ts'

const before = migrations.filter(({ number }) => number < 6)
const upTo = migrations.filter(({ number }) => number <= 6)

describe('migration 006', () => {
  it('adds the clearing policies and what others told, as released', () => {
    const store = openStore(':memory:')
    migrate(store, before)
    const old = new Set(store.all('SELECT name FROM sqlite_schema').map((row) => row.name))
    migrate(store, upTo)
    const columns = store
      .all(
        `SELECT m.name, m.name || '.' || c.name || ' ' || c.type AS line FROM sqlite_schema m, pragma_table_info(m.name) c
         WHERE m.type = 'table' ORDER BY m.name, c.cid`,
      )
      .filter((row) => !old.has(row.name ?? null))
    expect(columns.map((row) => row.line)).toMatchInlineSnapshot(`
      [
        "clearing_policy.identity TEXT",
        "clearing_policy.at_once INTEGER",
        "clearing_policy.threshold TEXT",
        "clearing_policy.max_age_ms INTEGER",
        "shared_promise.issuer TEXT",
        "shared_promise.benefiter TEXT",
        "shared_promise.serial TEXT",
        "shared_promise.amount TEXT",
        "shared_promise.signature TEXT",
        "shared_promise.heard_at_ms INTEGER",
      ]
    `)
    store.close()
  })

  it('keeps what was promised before', () => {
    const store = openStore(':memory:')
    migrate(store, before)
    store.run("INSERT INTO promise_received VALUES ('0x1', '0x2', '5', '9', '0xab', 'open', 0, 1, 2)")
    migrate(store, upTo)
    expect(store.all('SELECT serial, amount FROM promise_received')).toEqual([{ serial: '5', amount: '9' }])
    store.close()
  })
})
