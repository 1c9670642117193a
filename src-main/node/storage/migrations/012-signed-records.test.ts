import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { createSessionRepository } from '../session-repository.ts'
import { migrations } from './index.ts'

it('migration 012 adds what is signed of sessions as released, and sessions from before stay without', () => {
  const store = openStore(':memory:')
  migrate(
    store,
    migrations.filter(({ number }) => number < 12),
  )
  const own = `0x${'01'.repeat(20)}` as const
  const peer = `0x${'02'.repeat(20)}` as const
  const figures = "'openvpn', 5, 9, 'consumer-closed', '1', '2', '3', 4"
  store.run(`INSERT INTO session VALUES ('${own}', 'provider', '${peer}', 'a', 7, ${figures})`)
  migrate(store)
  const columns = store.all("SELECT name || ' ' || type || ' ' || pk AS line FROM pragma_table_info('signed_record')")
  expect(columns.map((row) => row.line)).toEqual([
    'identity TEXT 1',
    'role TEXT 2',
    'peer TEXT 3',
    'session_id TEXT 4',
    'by_both INTEGER 5',
    'record TEXT 0',
  ])
  const [before] = createSessionRepository(store, own).list(1)
  expect(before).toMatchObject({ sessionId: 'a', end: 'consumer-closed' })
  expect(before?.signed).toBeUndefined()
  store.close()
})
