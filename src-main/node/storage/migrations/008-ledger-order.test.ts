import { describe, expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { ledger } from './003-ledger.ts'
import { ledgerOrder } from './008-ledger-order.ts'

describe('migration 008', () => {
  it('adds two indexes as released, and keeps what was promised before', () => {
    const store = openStore(':memory:')
    migrate(store, [ledger])
    store.run("INSERT INTO promise_received VALUES ('0x1', '0x2', '5', '9', '0xab', 'open', 0, 1, 2)")
    migrate(store, [ledger, ledgerOrder])
    const indexes = store.all("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
    expect(indexes.map(({ sql }) => sql)).toMatchInlineSnapshot(`
      [
        "CREATE INDEX promise_received_in_order ON promise_received (identity, peer, length(serial), serial)",
        "CREATE INDEX promise_received_open ON promise_received (peer) WHERE state <> 'cleared'",
      ]
    `)
    expect(store.all('SELECT serial, amount FROM promise_received')).toEqual([{ serial: '5', amount: '9' }])
    store.close()
  })
})
