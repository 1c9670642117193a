import { describe, expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { chain } from './001-chain.ts'
import { proposals } from './002-proposals.ts'

describe('migration 002', () => {
  it('adds the tables of proposals and providers, as released', () => {
    const store = openStore(':memory:')
    migrate(store, [chain])
    const before = new Set(store.all('SELECT name FROM sqlite_schema').map((row) => row.name))
    migrate(store, [chain, proposals])
    const columns = store
      .all(
        `SELECT m.name, m.name || '.' || c.name || ' ' || c.type AS line FROM sqlite_schema m, pragma_table_info(m.name) c
         WHERE m.type = 'table' ORDER BY m.name, c.cid`,
      )
      .filter((row) => !before.has(row.name ?? null))
    expect(columns.map((row) => row.line)).toMatchInlineSnapshot(`
      [
        "announcement.block_number INTEGER",
        "announcement.log_index INTEGER",
        "announcement.provider TEXT",
        "announcement.serial INTEGER",
        "announcement.issued_at_block INTEGER",
        "announcement.service_type TEXT",
        "announcement.service_country TEXT",
        "announcement.origin_country TEXT",
        "announcement.unit TEXT",
        "announcement.price TEXT",
        "announcement.bandwidth_mbps REAL",
        "announcement.bytes BLOB",
        "own_proposal.provider TEXT",
        "own_proposal.serial INTEGER",
        "own_proposal.service_type TEXT",
        "own_proposal.terms TEXT",
        "own_proposal.issued_at_block INTEGER",
        "own_proposal.bytes BLOB",
        "own_proposal.valid INTEGER",
        "provider_experience.provider TEXT",
        "provider_experience.preferred INTEGER",
        "provider_experience.sessions INTEGER",
        "provider_experience.failures INTEGER",
        "provider_experience.last_connect_ms INTEGER",
      ]
    `)
  })

  it('keeps what was copied before', () => {
    const store = openStore(':memory:')
    migrate(store, [chain])
    store.run("INSERT INTO block VALUES (1, '0x01', 0)")
    migrate(store, [chain, proposals])
    expect(store.all('SELECT number FROM block')).toEqual([{ number: 1 }])
  })

  it('keeps prices in a form whose text order is number order', () => {
    const store = openStore(':memory:')
    migrate(store, [chain, proposals])
    store.run("INSERT INTO block VALUES (1, '0x01', 0)")
    expect(() =>
      store.run("INSERT INTO announcement VALUES (1, 0, '0xa', 0, 0, 'socks', 'LT', 'LT', 'GiB', '150', 1.0, x'01')"),
    ).toThrow(/CHECK/)
  })
})
