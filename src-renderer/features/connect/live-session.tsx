import { ArrowDown, ArrowUp } from 'lucide-react'
import { type ReactNode, Suspense } from 'react'
import { type ConnectionState, costInAll } from '#shared/model/session.ts'
import {
  formatAmount,
  formatBytes,
  formatDuration,
  formatPrice,
  formatRate,
  formatTime,
} from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useTraffic } from '../../store/node-context.tsx'
import { Amount } from '../../ui/amount.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { lazyPicture } from '../../ui/lazy-picture.ts'
import { ProxyHowTo } from '../../ui/proxy-how-to.tsx'
import { ElsewhereNotice } from './elsewhere-notice.tsx'
import { type PaidAhead, pace, paidAhead } from './paid-ahead.ts'
import { UnpaidNotice } from './unpaid-notice.tsx'

const TrafficChart = lazyPicture(() => import('./traffic-chart.tsx'))

/** What flows, what it costs, and who measured what. */
export function LiveSession({ connection }: { connection: Extract<ConnectionState, { name: 'connected' }> }) {
  const { live, proposal } = connection
  const samples = useTraffic()
  const ahead = paidAhead(proposal, live, pace(samples))
  return (
    // Whoever scrolls by keyboard has to be able to stand in it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section className="live" aria-label={m.live.title} tabIndex={0}>
      <ElsewhereNotice connection={connection} />
      <section className="card card-pad" aria-label={m.live.chart}>
        <div className="live-rates">
          <Rate label={m.live.down} icon={<ArrowDown size={15} aria-hidden />} tone="down" bps={live.rateBps.down} />
          <Rate label={m.live.up} icon={<ArrowUp size={15} aria-hidden />} tone="up" bps={live.rateBps.up} />
        </div>
        <div className="chart" role="img" aria-label={m.live.chart}>
          <Suspense fallback={<p className="faint chart-loading">{m.live.chartLoading}</p>}>
            <TrafficChart samples={samples} />
          </Suspense>
        </div>
      </section>
      {live.socksPort !== undefined && (
        <section className="card card-pad">
          <ProxyHowTo port={live.socksPort} />
        </section>
      )}
      <section className="live-tiles">
        <Tile
          label={m.live.cost}
          note={
            proposal.pricePerUnit > 0n ? m.live.costAt(formatPrice(proposal.pricePerUnit, proposal.unit)) : undefined
          }
        >
          <Amount value={costInAll(connection)} isCost />
        </Tile>
        <Tile
          label={m.live.ahead}
          note={[live.leftover > 0n && m.live.aheadIs(formatAmount(live.leftover)), lasts(ahead)]
            .filter(Boolean)
            .join('; ')}
        >
          {aheadText(ahead)}
        </Tile>
      </section>
      <section className="card live-measured">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{m.live.measured}</th>
              <th scope="col" className="end">
                {m.live.down}
              </th>
              <th scope="col" className="end">
                {m.live.up}
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{m.live.byYou}</th>
              <td className="end">{formatBytes(live.bytesDown)}</td>
              <td className="end">{formatBytes(live.bytesUp)}</td>
            </tr>
            <tr>
              <th scope="row">{m.live.byProvider}</th>
              <td className="end">{formatBytes(live.metered.bytesDown)}</td>
              <td className="end">{formatBytes(live.metered.bytesUp)}</td>
            </tr>
          </tbody>
        </table>
        <p className="faint live-note">
          {m.live.measuredHint}
          {connection.before && ` ${m.live.measuredSince(formatTime(live.startedAtMs))}`}
        </p>
      </section>
      <section className="card live-facts">
        <dl className="facts">
          <Fact label={m.live.exit}>
            {live.exit ? <span className="mono">{live.exit.address}</span> : m.live.exitUnknown}
            {live.exit?.isProviders !== undefined && (
              <p className="faint">{live.exit.isProviders ? m.live.exitProviders : m.live.exitOther}</p>
            )}
          </Fact>
          <Fact label={m.live.service}>{m.service[proposal.serviceType]}</Fact>
          <Fact label={m.live.provider}>
            <IdentityLabel id={live.provider} />
          </Fact>
          <Fact label={m.live.price}>{formatPrice(proposal.pricePerUnit, proposal.unit)}</Fact>
        </dl>
      </section>
      <UnpaidNotice unpaid={live.unpaid} />
    </section>
  )
}

function aheadText(ahead: PaidAhead): string {
  switch (ahead.kind) {
    case 'free':
      return m.live.free
    case 'nothing':
      return m.live.aheadNothing
    case 'time':
      return m.live.aheadTime(formatDuration(ahead.durationMs))
    case 'volume':
      return m.live.aheadVolume(formatBytes(ahead.bytes))
  }
}

/** How long a volume lasts, while something flows. */
function lasts(ahead: PaidAhead): string | undefined {
  return ahead.kind === 'volume' && ahead.lastsMs !== undefined
    ? m.live.aheadLasts(formatDuration(ahead.lastsMs))
    : undefined
}

function Rate({ label, icon, tone, bps }: { label: string; icon: ReactNode; tone: 'up' | 'down'; bps: number }) {
  return (
    <p className="rate" data-tone={tone}>
      <span className="rate-label">
        {icon}
        {label}
      </span>
      <span className="rate-value numbers">{formatRate(bps)}</span>
    </p>
  )
}

/** The place of a note is kept, so that nothing moves when it comes. */
function Tile({ label, note, children }: { label: string; note?: string | undefined; children: ReactNode }) {
  return (
    <div className="tile card">
      <span className="tile-label">{label}</span>
      <span className="tile-value numbers">{children}</span>
      <span className="tile-note numbers faint">{note}</span>
    </div>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
