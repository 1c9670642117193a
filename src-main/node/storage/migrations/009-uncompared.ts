import type { Migration } from './migration.ts'

/**
 * From which block on the chain was copied while only one of several nodes answered: what it said is
 * compared once another is back, also after a restart.
 */
export const uncompared: Migration = {
  number: 9,
  name: 'uncompared',
  up(store) {
    store.run('ALTER TABLE deployment ADD COLUMN uncompared_from INTEGER')
  },
}
