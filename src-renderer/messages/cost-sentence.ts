import type { ConnectionFailure } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import { formatAmount, formatCost } from './format.ts'
import { m } from './index.ts'

/** A provider that ended it so may well keep what it has. */
const NOT_TRUSTED: readonly SessionEnd[] = ['metering-disputed', 'overpriced', 'not-verified']

/** What a connection cost and what of the money stays with the provider: the same account as in Activity and Wallet. */
export function costSentence({ paid, bill, end }: Pick<ConnectionFailure, 'paid' | 'bill' | 'end'>): string {
  // Nobody was reached, or taking it down failed: only what was paid is known.
  if (!bill) return paid === 0n ? m.failure.nothingPaid : m.failure.paid(formatCost(paid))
  if (bill.used === 0n && bill.ahead === 0n) return m.failure.nothingPaid
  const cost = bill.used === 0n ? m.failure.nothingUsed : m.failure.used(formatCost(bill.used))
  if (bill.ahead === 0n) return cost
  const ahead = formatAmount(bill.ahead)
  const stays = bill.holders > 1 ? m.failure.staysWithAll : m.failure.stays
  return `${cost} ${end && NOT_TRUSTED.includes(end) ? m.failure.maybeLost(ahead) : stays(ahead)}`
}
