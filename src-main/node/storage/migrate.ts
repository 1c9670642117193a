import { MystError } from '#shared/errors/myst-error.ts'

import type { Store } from '../ports/store.ts'
import { text } from './columns.ts'
import { migrations as all } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'

/**
 * Brings the store up to date, each migration all or nothing. Throws `StoreTooNew` when a newer
 * version of the program has been here: going on would damage what it keeps.
 */
export function migrate(store: Store, migrations: readonly Migration[] = all): void {
  store.run(
    'CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  )
  const known = new Map(migrations.map((migration) => [migration.number, migration.name]))
  const applied = new Map(store.all('SELECT number, name FROM migration').map((row) => [row.number, text(row, 'name')]))
  for (const [number, name] of applied) {
    if (known.get(Number(number)) !== name) {
      throw new MystError(
        'StoreTooNew',
        'The database was written by a newer version of this program; install that version or choose another data folder.',
        { details: { migration: `${number}-${name}` } },
      )
    }
  }
  for (const migration of [...migrations].sort((a, b) => a.number - b.number)) {
    if (applied.has(migration.number)) continue
    store.transaction(() => {
      migration.up(store)
      store.run(
        "INSERT INTO migration (number, name, applied_at) VALUES (?, ?, datetime('now'))",
        migration.number,
        migration.name,
      )
    })
  }
}
