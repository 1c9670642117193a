import type { ShareTerms } from '#shared/contract/state.ts'
import { counted, formatBandwidth, formatBytes, formatCount, formatDay, formatPrice } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'

const TONES = { starting: 'amber', announced: 'green', failed: 'red' } as const

/** The services, and on what terms. */
export function Running() {
  const { services, terms, volume } = useNode((state) => state.share)
  return (
    <section className="section">
      <h2>{m.share.servicesOn}</h2>
      <div className="card">
        <ul className="services" aria-label={m.share.servicesOn}>
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
