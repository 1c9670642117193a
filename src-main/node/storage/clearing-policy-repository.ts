import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import type { IdentityId } from '#shared/model/identity.ts'

import type { Store } from '../ports/store.ts'
import { big, int } from './columns.ts'

/** When one identity clears, as its person chose. */
export type ClearingPolicyRepository = {
  /** Nothing before anything was chosen. */
  load(): ClearingPolicy | undefined
  save(policy: ClearingPolicy): void
}

export function createClearingPolicyRepository(store: Store, own: IdentityId): ClearingPolicyRepository {
  return {
    load() {
      const row = store.get('SELECT * FROM clearing_policy WHERE identity = ?', own)
      return (
        row && {
          atOnce: int(row, 'at_once') === 1,
          threshold: big(row, 'threshold'),
          maxAgeMs: int(row, 'max_age_ms'),
        }
      )
    },
    save({ atOnce, threshold, maxAgeMs }) {
      store.run(
        'INSERT OR REPLACE INTO clearing_policy VALUES (?, ?, ?, ?)',
        own,
        atOnce ? 1 : 0,
        threshold.toString(),
        maxAgeMs,
      )
    },
  }
}
