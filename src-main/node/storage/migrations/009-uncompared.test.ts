import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { chain } from './001-chain.ts'
import { uncompared } from './009-uncompared.ts'

it('migration 009 adds where uncompared blocks begin, and keeps what the copy is of', () => {
  const store = openStore(':memory:')
  migrate(store, [chain])
  store.run("INSERT INTO deployment VALUES (1, '31337 0x1')")
  migrate(store, [chain, uncompared])
  expect(store.all('SELECT * FROM deployment')).toEqual([{ id: 1, name: '31337 0x1', uncompared_from: null }])
  store.close()
})
