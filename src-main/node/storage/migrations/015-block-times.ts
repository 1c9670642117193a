import type { Migration } from './migration.ts'

/** When a block was mined, in seconds since 1970 as the chain says: kept once somebody looked at what happened in it. */
export const blockTimes: Migration = {
  number: 15,
  name: 'block-times',
  up(store) {
    store.run('ALTER TABLE block ADD COLUMN mined_at INTEGER')
  },
}
