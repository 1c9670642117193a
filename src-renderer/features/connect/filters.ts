import type { ProposalView } from '#shared/contract/answers.ts'
import type { CommandInput } from '#shared/contract/commands.ts'
import type { MeteringUnit, ServiceTypeName } from '#shared/model/proposal.ts'
import { countryName } from '../../messages/countries.ts'
import { readAmount, readNumber } from '../../messages/typed.ts'

/** What the chips hold: the numbers as they were typed, so that a half-written one is not lost. */
export type Filters = {
  search: string
  country: string
  serviceType: ServiceTypeName | ''
  unit: MeteringUnit | ''
  maxPrice: string
  minBandwidth: string
  sort: 'price' | 'experience'
}

export const NO_FILTERS: Filters = {
  search: '',
  country: '',
  serviceType: '',
  unit: '',
  maxPrice: '',
  minBandwidth: '',
  sort: 'price',
}

/** More than one screen can hold, less than would slow it down; the contract's own limit. */
const LIMIT = 10_000
/** More than a screen shows, and there in a moment; all of thousands take a second or two. */
const FIRST = 100

export function isFiltered(filters: Filters): boolean {
  return Object.entries(filters).some(([key, value]) => key !== 'sort' && value !== '')
}

/**
 * What the node is asked for. The country and the search words are applied here instead, so that the
 * map and the list of countries keep showing what else there is.
 */
export function toQuery(filters: Filters, which: 'first' | 'all' = 'all'): CommandInput<'proposals.query'> {
  const maxPricePerUnit = readAmount(filters.maxPrice)
  const minBandwidth = readNumber(filters.minBandwidth)
  return {
    sort: filters.sort,
    limit: which === 'first' ? FIRST : LIMIT,
    ...(filters.serviceType && { serviceType: filters.serviceType }),
    ...(filters.unit && { unit: filters.unit }),
    ...(maxPricePerUnit !== undefined && { maxPricePerUnit }),
    ...(minBandwidth !== undefined && { minBandwidthMbps: Number(minBandwidth) }),
  }
}

export function matches(proposal: ProposalView, filters: Filters): boolean {
  if (filters.country && proposal.originLocation.country !== filters.country) return false
  const words = filters.search.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const { country } = proposal.originLocation
  const text = `${proposal.provider} ${country} ${countryName(country)}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

export function countByCountry(proposals: readonly ProposalView[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { originLocation } of proposals) {
    counts.set(originLocation.country, (counts.get(originLocation.country) ?? 0) + 1)
  }
  return counts
}

/** What was kept from an earlier visit, if it still has the right form. */
export function acceptFilters(stored: unknown): Filters | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const kept: Record<string, unknown> = { ...NO_FILTERS }
  for (const key of Object.keys(NO_FILTERS)) {
    const value = (stored as Record<string, unknown>)[key]
    if (typeof value === 'string' && value.length <= 100) kept[key] = value
  }
  const { serviceType, unit, sort } = kept
  const known =
    (serviceType === '' || serviceType === 'openvpn' || serviceType === 'socks') &&
    (unit === '' || unit === 'GiB' || unit === 'hour') &&
    (sort === 'price' || sort === 'experience')
  return known ? (kept as Filters) : undefined
}
