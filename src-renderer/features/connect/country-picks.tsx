import { countryName } from '../../messages/countries.ts'
import { counted, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { Flag } from '../../ui/flag.tsx'

/** The countries with offers, those with most first. */
export function CountryPicks({
  counts,
  chosen,
  onChoose,
}: {
  counts: ReadonlyMap<string, number>
  chosen: string
  onChoose(country: string): void
}) {
  if (counts.size === 0) return null
  const countries = [...counts].sort(([, a], [, b]) => b - a)
  return (
    <ul className="picks" aria-label={m.connect.countries}>
      {countries.map(([code, count]) => (
        <li key={code}>
          <button type="button" className="pick" aria-pressed={code === chosen} onClick={() => onChoose(code)}>
            <Flag country={code} />
            <span className="truncate">{countryName(code)}</span>
            <span className="faint numbers" aria-hidden>
              {formatCount(count)}
            </span>
            <span className="visually-hidden">{m.connect.count(counted(count))}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
