import type { Migration } from './migration.ts'

/** The block at which the last attempt with a provider failed; none when it worked, and of attempts before. */
export const lastFailure: Migration = {
  number: 16,
  name: 'last-failure',
  up(store) {
    store.run('ALTER TABLE provider_experience ADD COLUMN failed_at_block INTEGER')
  },
}
