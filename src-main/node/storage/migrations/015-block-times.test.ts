import { expect, it } from 'vitest'

import { createAccountHistory } from '../account-history.ts'
import { createChainRepository } from '../chain-repository.ts'
import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { migrations } from './index.ts'

it('migration 015 adds the time of blocks as released, and blocks from before have none until it is known', () => {
  const store = openStore(':memory:')
  migrate(
    store,
    migrations.filter(({ number }) => number < 15),
  )
  const id = `0x${'01'.repeat(20)}` as const
  const hash = `0x${'0a'.repeat(32)}` as const
  store.run(`INSERT INTO block (number, hash, empty) VALUES (7, '${hash}', 0)`)
  store.run(`INSERT INTO account_event VALUES ('${id}', 7, 0, 'deposit', '5', NULL, NULL, NULL, '${hash}')`)
  migrate(store)
  const columns = store.all(`SELECT name || ' ' || type || ' ' || "notnull" AS line FROM pragma_table_info('block')`)
  expect(columns.at(-1)?.line).toBe('mined_at INTEGER 0')
  const history = createAccountHistory(store)
  expect(history.list(id, { limit: 1 })[0]).not.toHaveProperty('atMs')
  createChainRepository(store).setBlockTime({ number: 7, hash }, 1_773_500_000)
  expect(history.list(id, { limit: 1 })).toMatchObject([{ amount: 5n, atMs: 1_773_500_000_000 }])
  store.close()
})
