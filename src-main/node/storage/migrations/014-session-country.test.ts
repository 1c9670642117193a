import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { createSessionRepository } from '../session-repository.ts'
import { migrations } from './index.ts'

it('migration 014 adds country and program of sessions as released, and sessions from before have neither', () => {
  const store = openStore(':memory:')
  migrate(
    store,
    migrations.filter(({ number }) => number < 14),
  )
  const own = `0x${'01'.repeat(20)}` as const
  const peer = `0x${'02'.repeat(20)}` as const
  const figures = "'openvpn', 5, 9, 'consumer-closed', '1', '2', '3', 4"
  store.run(`INSERT INTO session VALUES ('${own}', 'consumer', '${peer}', 'a', 7, ${figures})`)
  migrate(store)
  const columns = store.all(
    `SELECT name || ' ' || type || ' ' || "notnull" AS line FROM pragma_table_info('session') WHERE cid >= 13`,
  )
  expect(columns.map((row) => row.line)).toEqual(['country TEXT 0', 'program TEXT 0'])
  const [before] = createSessionRepository(store, own).list(1)
  expect(before).toMatchObject({ sessionId: 'a', end: 'consumer-closed' })
  expect(before).not.toHaveProperty('country')
  expect(before).not.toHaveProperty('program')
  store.close()
})
