import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { migrations } from './index.ts'

it('migration 013 adds programs as released: one of a name, a port and a key, and nobody has one yet', () => {
  const store = openStore(':memory:')
  migrate(
    store,
    migrations.filter(({ number }) => number < 13),
  )
  migrate(store)
  const columns = store.all(
    `SELECT name || ' ' || type || ' ' || "notnull" || ' ' || pk AS line FROM pragma_table_info('program')`,
  )
  expect(columns.map((row) => row.line)).toEqual([
    'id TEXT 1 1',
    'name TEXT 1 0',
    'budget TEXT 1 0',
    'spent TEXT 1 0',
    'reserved TEXT 1 0',
    'socks_port INTEGER 1 0',
    'country TEXT 0 0',
    'max_price TEXT 0 0',
    'unit TEXT 0 0',
    'created_at_ms INTEGER 1 0',
    'key_hash TEXT 0 0',
    'key_hint TEXT 0 0',
    'last_used_at_ms INTEGER 0 0',
  ])
  expect(store.all('SELECT * FROM program')).toEqual([])
  const add = (id: string, port: number, key: string) =>
    store.run(
      'INSERT INTO program (id, name, budget, socks_port, created_at_ms, key_hash) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, 'Backup', '1', port, 0, key],
    )
  add('a', 1, 'x')
  expect(store.get('SELECT spent, reserved FROM program')).toEqual({ spent: '0', reserved: '0' })
  expect(() => add('b', 1, 'y')).toThrow()
  expect(() => add('b', 2, 'x')).toThrow()
  store.close()
})
