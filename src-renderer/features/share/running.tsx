import { Users } from 'lucide-react'
import type { ShareTerms } from '#shared/contract/state.ts'
import {
  counted,
  formatBandwidth,
  formatBytes,
  formatClock,
  formatCount,
  formatDay,
  formatPrice,
} from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useNow } from '../../store/use-now.ts'
import { Amount } from '../../ui/amount.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'

const TONES = { starting: 'amber', announced: 'green', failed: 'red' } as const

/** The services and who uses them. */
export function Running() {
  const { services, sessions, terms, volume } = useNode((state) => state.share)
  return (
    <>
      <section className="section">
        <h2>{m.share.servicesOn}</h2>
        <div className="card">
          <ul className="services">
            {services.map(({ type, serial, state, message }) => (
              <li key={`${type}-${serial}`}>
                <span className="dot" data-tone={TONES[state]} aria-hidden />
                <span className="services-name">
                  {m.service[type]}
                  {message && <span className="services-message muted">{message}</span>}
                </span>
                <span className={`tag tag-${TONES[state]}`}>{m.share.serviceStates[state]}</span>
              </li>
            ))}
          </ul>
          {terms && (
            <p className="services-terms muted numbers">
              {m.share.summary(
                formatPrice(terms.pricePerUnit, terms.unit),
                formatBandwidth(terms.bandwidthMbps),
                formatCount(terms.maxSessions),
              )}
              {limitsOf(terms).map((limit) => ` · ${limit}`)}
            </p>
          )}
          {volume && (
            <p className="services-terms muted numbers">
              {m.share.usedThisMonth(
                formatBytes(volume.usedBytes),
                volume.limitBytes === undefined ? undefined : formatBytes(volume.limitBytes),
                formatDay(volume.resetsAtMs),
              )}
            </p>
          )}
        </div>
      </section>
      <section className="section">
        <h2>{m.share.sessions}</h2>
        <div className="card">
          {sessions.length === 0 ? (
            <div className="empty">
              <Users size={28} strokeWidth={1.5} aria-hidden />
              <p>{m.share.noSessions}</p>
            </div>
          ) : (
            <Sessions />
          )}
        </div>
      </section>
    </>
  )
}

/** The optional terms, in few words. */
function limitsOf({ hours, totalBandwidthMbps, maxConnections, allowMail }: ShareTerms): string[] {
  return [
    hours && m.share.summaryHours(hours),
    totalBandwidthMbps && m.share.summaryTotal(formatBandwidth(totalBandwidthMbps)),
    maxConnections && m.share.summaryConnections(counted(maxConnections)),
    allowMail && m.share.summaryMail,
  ].filter((text) => typeof text === 'string')
}

function Sessions() {
  const sessions = useNode((state) => state.share.sessions)
  const now = useNow()
  return (
    <div className="table-wrap">
      <table className="table" aria-label={m.share.sessions}>
        <thead>
          <tr>
            <th scope="col">{m.share.who}</th>
            <th scope="col">{m.share.since}</th>
            <th scope="col" className="end">
              {m.share.traffic}
            </th>
            <th scope="col" className="end">
              {m.share.cost}
            </th>
            <th scope="col" className="end">
              {m.share.leftover}
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map(({ sessionId, consumer, serviceType, startedAtMs, metering, leftover }) => (
            <tr key={sessionId}>
              <td>
                <IdentityLabel id={consumer} /> <span className="tag">{m.service.tags[serviceType]}</span>
              </td>
              <td>{formatClock(now - startedAtMs)}</td>
              <td className="end">
                <span className="visually-hidden">{m.share.down} </span>↓ {formatBytes(metering.bytesDown)}{' '}
                <span className="visually-hidden">{m.share.up} </span>↑ {formatBytes(metering.bytesUp)}
              </td>
              <td className="end">
                <Amount value={metering.cost} />
              </td>
              <td className="end">
                <Amount value={leftover} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
