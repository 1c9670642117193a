import { Search, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { byName } from '../../messages/countries.ts'
import { formatPerUnit } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { numberProblem, readNumber } from '../../messages/typed.ts'
import { type Filters, isFiltered, NO_FILTERS } from './filters.ts'

/** Plain selects and inputs dressed as chips: the keyboard and screen readers know them already. */
export function FilterChips({
  filters,
  countries,
  onChange,
}: {
  filters: Filters
  countries: readonly string[]
  onChange(filters: Filters): void
}) {
  const set = (part: Partial<Filters>) => onChange({ ...filters, ...part })
  const problem = figureProblem(filters.maxPrice) || figureProblem(filters.minBandwidth)
  const options = byName(new Set([...countries, ...(filters.country ? [filters.country] : [])]))
  return (
    <search className="filters" aria-label={m.connect.filters}>
      <div className="filters-first">
        <label className="chip chip-search" data-on={filters.search !== ''}>
          <Search size={15} aria-hidden />
          <input
            type="search"
            aria-label={m.connect.search}
            placeholder={m.connect.searchHint}
            value={filters.search}
            maxLength={80}
            onChange={(event) => set({ search: event.target.value })}
          />
        </label>
        <Choice
          label={m.connect.filterSort}
          value={filters.sort}
          quiet
          onChange={(value) => set({ sort: value === 'experience' ? 'experience' : 'price' })}
        >
          <option value="price">{m.connect.sortPrice}</option>
          <option value="experience">{m.connect.sortExperience}</option>
        </Choice>
        {isFiltered(filters) && (
          <button
            type="button"
            className="chip chip-clear"
            aria-label={m.connect.clearFilters}
            onClick={() => onChange({ ...NO_FILTERS, sort: filters.sort })}
          >
            <X size={14} aria-hidden />
            <span>{m.connect.clearFilters}</span>
          </button>
        )}
      </div>
      <div className="chips">
        <Choice label={m.connect.filterCountry} value={filters.country} onChange={(country) => set({ country })}>
          <option value="">{m.connect.anyCountry}</option>
          {options.map(({ code, name }) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </Choice>
        <Choice
          label={m.connect.filterType}
          value={filters.serviceType}
          onChange={(value) => set({ serviceType: value === 'openvpn' || value === 'socks' ? value : '' })}
        >
          <option value="">{m.connect.anyType}</option>
          <option value="openvpn">{m.service.openvpn}</option>
          <option value="socks">{m.service.socks}</option>
        </Choice>
        <Choice
          label={m.connect.filterUnit}
          value={filters.unit}
          onChange={(value) => set({ unit: value === 'GiB' || value === 'hour' ? value : '' })}
        >
          <option value="">{m.connect.anyUnit}</option>
          <option value="GiB">{m.connect.perGiB}</option>
          <option value="hour">{m.connect.perHour}</option>
        </Choice>
        <Figure
          words={m.connect.maxPrice}
          label={m.connect.filterMaxPrice}
          unit={`${m.connect.myst} ${filters.unit === '' ? m.connect.perAny : formatPerUnit(filters.unit)}`}
          value={filters.maxPrice}
          onChange={(maxPrice) => set({ maxPrice })}
        />
        <Figure
          words={m.connect.minBandwidth}
          label={m.connect.filterMinBandwidth}
          unit={m.connect.mbps}
          value={filters.minBandwidth}
          onChange={(minBandwidth) => set({ minBandwidth })}
        />
      </div>
      {problem && (
        <p className="field-error" role="status">
          {problem}
        </p>
      )}
    </search>
  )
}

/** A half-written number is no problem yet. */
function figureProblem(typed: string): string {
  const isFine = typed === '' || readNumber(typed.replace(/^(\d+)[.,]$/, '$1')) !== undefined
  return isFine ? '' : numberProblem(typed, m.connect.figureBad)
}

function Choice({
  label,
  value,
  quiet,
  onChange,
  children,
}: {
  label: string
  value: string
  quiet?: boolean
  onChange(value: string): void
  children: ReactNode
}) {
  return (
    <span className="chip chip-choice" data-on={!quiet && value !== ''}>
      <select aria-label={label} title={label} value={value} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
    </span>
  )
}

function Figure({
  words,
  label,
  unit,
  value,
  onChange,
}: {
  words: string
  label: string
  unit: string
  value: string
  onChange(value: string): void
}) {
  const problem = figureProblem(value)
  return (
    <label className="chip" data-on={value !== ''} data-invalid={problem !== ''}>
      <span aria-hidden>{words}</span>
      <input
        className="chip-figure numbers"
        aria-label={label}
        aria-invalid={problem === '' ? undefined : true}
        title={problem}
        inputMode="decimal"
        placeholder="–"
        value={value}
        maxLength={12}
        onChange={(event) => onChange(event.target.value.trim())}
      />
      <span aria-hidden>{unit}</span>
    </label>
  )
}
