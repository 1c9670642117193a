import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { chain } from './001-chain.ts'
import { ledger } from './003-ledger.ts'
import { earnedQuarters } from './011-earned-quarters.ts'

it('migration 011 keeps what was earned by day at the noon of that day, and adds its indexes as released', () => {
  const store = openStore(':memory:')
  migrate(store, [chain, ledger])
  store.run("INSERT INTO earned VALUES ('0x1', '2026-03-29', '1267650600228229401496703205376')")
  store.run("INSERT INTO earned VALUES ('0x2', '2026-03-29', '7')")
  migrate(store, [chain, ledger, earnedQuarters])
  const quarter = new Date(2026, 2, 29, 12).getTime() / 900_000
  expect(store.all('SELECT * FROM earned_quarter ORDER BY identity')).toEqual([
    { identity: '0x1', quarter, amount: '1267650600228229401496703205376' },
    { identity: '0x2', quarter, amount: '7' },
  ])
  expect(store.all("SELECT name FROM sqlite_schema WHERE name = 'earned'")).toEqual([])
  const indexes = store.all("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%WHERE%' ORDER BY name")
  expect(indexes.map(({ sql }) => sql)).toEqual([
    "CREATE INDEX account_event_received ON account_event (identity, peer, serial) WHERE part = 'received'",
    expect.stringMatching(/^CREATE INDEX block_empty/),
    "CREATE INDEX promise_received_cleared ON promise_received (identity, updated_at_ms) WHERE state = 'cleared'",
  ])
  store.close()
})
