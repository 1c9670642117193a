import type { ProposalView } from '#shared/contract/answers.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import { type Amount, GIB, HOUR_MS } from '#shared/model/units.ts'
import { formatAmount, formatBytes, formatDuration, formatPrice } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'

/** "0.02 MYST to 0.1 MYST per GiB"; both units, if both are in the list. */
export function priceRange(proposals: readonly ProposalView[]): string {
  return (['GiB', 'hour'] as const)
    .map((unit) => {
      const prices = proposals
        .filter((proposal) => proposal.unit === unit)
        .map(({ pricePerUnit }) => pricePerUnit)
        .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      const low = prices.at(0)
      const high = prices.at(-1)
      if (low === undefined || high === undefined) return undefined
      return low === high ? formatPrice(low, unit) : m.connect.priceRange(formatAmount(low), formatPrice(high, unit))
    })
    .filter((text) => text !== undefined)
    .join(', ')
}

/** How far a balance reaches at these terms: "19.5 GiB" or "3 hours". */
export function affordable(balance: Amount, terms: Pick<Proposal, 'unit' | 'pricePerUnit'>): string {
  const price = terms.pricePerUnit || 1n
  return terms.unit === 'GiB'
    ? formatBytes((balance * GIB) / price)
    : formatDuration(Number((balance * HOUR_MS) / price))
}
