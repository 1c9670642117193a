import { expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { shareVolume } from './010-share-volume.ts'

it('migration 010 adds what was carried per identity and month, as released', () => {
  const store = openStore(':memory:')
  migrate(store, [shareVolume])
  const columns = store.all("SELECT name || ' ' || type || ' ' || pk AS line FROM pragma_table_info('share_volume')")
  expect(columns.map((row) => row.line)).toEqual(['identity TEXT 1', 'month TEXT 2', 'bytes TEXT 0'])
  store.close()
})
