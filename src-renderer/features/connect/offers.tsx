import { SearchX, Telescope } from 'lucide-react'
import { useMemo } from 'react'
import type { ProposalView } from '#shared/contract/answers.ts'
import { counted, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useLostAt, useNode } from '../../store/node-context.tsx'
import type { Query } from '../../store/use-query.ts'
import { Button } from '../../ui/button.tsx'
import { FailedQuery } from '../../ui/failed-query.tsx'
import { FilterChips } from './filter-chips.tsx'
import { type Filters, isFiltered, NO_FILTERS } from './filters.ts'
import { ProposalList } from './proposal-list.tsx'
import { useSteady } from './steady.ts'
import { whyNone } from './target.ts'
import { useMeans } from './use-means.ts'

export function Offers({
  query,
  shown,
  counts,
  filters,
  onFilters,
  onConnect,
}: {
  query: Query<ProposalView[]>
  shown: readonly ProposalView[]
  counts: ReadonlyMap<string, number>
  filters: Filters
  onFilters(filters: Filters): void
  onConnect(proposal: ProposalView): void
}) {
  const all = useNode((state) => state.proposals.count)
  const means = useMeans()
  // A hint under the mouse is seen by few.
  const reasons = useMemo(
    () =>
      (['openvpn', 'socks'] as const)
        .filter((type) => shown.some(({ serviceType }) => serviceType === type))
        .flatMap((type) => whyNone(type, means) ?? []),
    [shown, means],
  )
  const rows = useSteady(shown, JSON.stringify(filters))
  return (
    <div className="offers card">
      <div className="offers-head">
        <h2>{m.connect.offers}</h2>
        <span className="faint numbers" aria-live="polite">
          {!query.data
            ? ''
            : shown.length === all
              ? m.connect.count(counted(all))
              : m.connect.countOf(formatCount(shown.length), counted(all))}
        </span>
      </div>
      <FilterChips filters={filters} countries={[...counts.keys()]} onChange={onFilters} />
      {query.error && (
        <div className="offers-notice">
          <FailedQuery text={m.connect.failed} query={query} />
        </div>
      )}
      {reasons.map((reason) => (
        <p key={reason} className="offers-notice faint">
          {reason}
        </p>
      ))}
      {shown.length > 0 ? (
        <ProposalList proposals={rows} onConnect={onConnect} />
      ) : (
        <Nothing loading={query.loading && !query.data} unread={!query.data} filters={filters} onFilters={onFilters} />
      )}
    </div>
  )
}

function Nothing({
  loading,
  unread,
  filters,
  onFilters,
}: {
  loading: boolean
  /** What there is was not told. */
  unread: boolean
  filters: Filters
  onFilters(filters: Filters): void
}) {
  const syncing = useNode((state) => state.network.chain !== 'online')
  const isLost = useLostAt() !== undefined
  if (isLost) return <p className="empty">{m.connect.emptyLost}</p>
  if (loading) return <p className="empty">{m.connect.loading}</p>
  // Why not is told above.
  if (unread) return null
  if (isFiltered(filters)) {
    return (
      <div className="empty">
        <SearchX size={30} strokeWidth={1.5} aria-hidden />
        <strong>{m.connect.emptyFilteredTitle}</strong>
        <p>{m.connect.emptyFiltered}</p>
        <Button onClick={() => onFilters({ ...NO_FILTERS, sort: filters.sort })}>{m.connect.clearFilters}</Button>
      </div>
    )
  }
  return (
    <div className="empty">
      <Telescope size={30} strokeWidth={1.5} aria-hidden />
      <strong>{m.connect.emptyTitle}</strong>
      <p>{syncing ? m.connect.emptySyncing : m.connect.emptyOnline}</p>
    </div>
  )
}
