import type { Migration } from './migration.ts'

/** Of a bought session, the country where its traffic left and the name of the program it was for; of those before, neither. */
export const sessionCountry: Migration = {
  number: 14,
  name: 'session-country',
  up(store) {
    store.run('ALTER TABLE session ADD COLUMN country TEXT')
    store.run('ALTER TABLE session ADD COLUMN program TEXT')
  },
}
