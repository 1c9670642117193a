import type { IdentityId } from '#shared/model/identity.ts'

import type { Store } from '../ports/store.ts'
import { big } from './columns.ts'

/** What one identity carried for others, per calendar month. */
export type ShareVolumeRepository = {
  load(month: string): bigint
  save(month: string, bytes: bigint): void
}

export function createShareVolumeRepository(store: Store, own: IdentityId): ShareVolumeRepository {
  return {
    load(month) {
      const row = store.get('SELECT bytes FROM share_volume WHERE identity = ? AND month = ?', own, month)
      return row ? big(row, 'bytes') : 0n
    },
    save(month, bytes) {
      store.run('INSERT OR REPLACE INTO share_volume VALUES (?, ?, ?)', own, month, bytes.toString())
    },
  }
}
