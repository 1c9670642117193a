import { Coins } from 'lucide-react'
import { Suspense, useState } from 'react'
import type { DayOfEarnings } from '#shared/contract/answers.ts'
import { formatAmount, formatCount, formatDay } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import type { Query } from '../../store/use-query.ts'
import { Amount } from '../../ui/amount.tsx'
import { FailedQuery } from '../../ui/failed-query.tsx'
import { lazyPicture } from '../../ui/lazy-picture.ts'
import { TableWrap } from '../../ui/table-wrap.tsx'
import { noonOf } from './days.ts'

const EarningsChart = lazyPicture(() => import('./earnings-chart.tsx'))

const SPANS = [14, 30] as const
/** What is asked for at once, to be shown in part. */
export const MOST_DAYS = 30

/** What was earned and what was cleared, day by day: a picture, and a table of the same figures. */
export function EarningsByDay({ query }: { query: Query<DayOfEarnings[]> }) {
  const [span, setSpan] = useState<(typeof SPANS)[number]>(14)
  const days = query.data?.slice(-span) ?? []
  const [earned, cleared] = [sum(days, 'earned'), sum(days, 'cleared')]
  return (
    <section className="section">
      <div className="by-day-head">
        <h2>{m.provider.byDay}</h2>
        <fieldset className="segments">
          <legend className="visually-hidden">{m.provider.span}</legend>
          {SPANS.map((value) => (
            <label key={value}>
              <input type="radio" name="span" checked={span === value} onChange={() => setSpan(value)} />
              {m.provider.days(formatCount(value))}
            </label>
          ))}
        </fieldset>
      </div>
      <FailedQuery text={m.provider.byDayFailed} query={query} />
      <div className="card card-pad by-day">
        {!query.data ? (
          <p className="faint by-day-loading">{query.loading && m.provider.byDayLoading}</p>
        ) : earned + cleared === 0n ? (
          <div className="empty">
            <Coins size={28} strokeWidth={1.5} aria-hidden />
            <p>{m.provider.byDayNone}</p>
          </div>
        ) : (
          <>
            <ul className="by-day-legend numbers">
              <li data-of="earned">
                {m.provider.earned} <strong>{formatAmount(earned)}</strong>
              </li>
              <li data-of="cleared" title={m.provider.clearedHint}>
                {m.provider.cleared} <strong>{formatAmount(cleared)}</strong>
              </li>
            </ul>
            <div className="by-day-chart" role="img" aria-label={m.provider.byDayPicture}>
              <Suspense fallback={<p className="faint by-day-loading">{m.provider.byDayLoading}</p>}>
                <EarningsChart days={days} />
              </Suspense>
            </div>
            <details className="by-day-table">
              <summary>{m.provider.asTable}</summary>
              <Table days={days} />
            </details>
          </>
        )}
      </div>
    </section>
  )
}

/** Newest first: today is what is looked for. */
function Table({ days }: { days: readonly DayOfEarnings[] }) {
  return (
    <TableWrap label={m.provider.byDay}>
      <table className="table" aria-label={m.provider.byDay}>
        <thead>
          <tr>
            <th scope="col">{m.provider.day}</th>
            <th scope="col" className="end">
              {m.provider.earned}
            </th>
            <th scope="col" className="end">
              {m.provider.cleared}
            </th>
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map(({ day, earned, cleared }) => (
            <tr key={day}>
              <th scope="row">{formatDay(noonOf(day))}</th>
              <td className="end">
                <Amount value={earned} />
              </td>
              <td className="end">
                <Amount value={cleared} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableWrap>
  )
}

function sum(days: readonly DayOfEarnings[], what: 'earned' | 'cleared'): bigint {
  return days.reduce((all, day) => all + day[what], 0n)
}
