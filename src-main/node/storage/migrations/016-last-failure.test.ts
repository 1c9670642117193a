import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { migrations } from './index.ts'

it('migration 016 adds the block of the last failure as released, and those from before are of no block', () => {
  const store = openStore(':memory:')
  migrate(
    store,
    migrations.filter(({ number }) => number < 16),
  )
  store.run(`INSERT INTO provider_experience (provider, failures) VALUES ('0x${'01'.repeat(20)}', 3)`)
  migrate(store)
  const columns = store.all(
    `SELECT name || ' ' || type || ' ' || "notnull" AS line FROM pragma_table_info('provider_experience') WHERE cid >= 5`,
  )
  expect(columns.map((row) => row.line)).toEqual(['failed_at_block INTEGER 0'])
  expect(store.get('SELECT failures, failed_at_block FROM provider_experience')).toEqual({
    failures: 3,
    failed_at_block: null,
  })
  store.close()
})
