import type { ShareTerms } from '#shared/contract/state.ts'
import { countryName } from '../../messages/countries.ts'
import { formatBandwidth, formatBytes, formatCount, formatDay, formatGib, formatPrice } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { Button } from '../../ui/button.tsx'
import { USUAL_CONNECTIONS } from './terms.ts'

const TONES = { starting: 'amber', announced: 'green', failed: 'red' } as const

/** The services, and on what terms. */
export function Running({
  mayChange,
  focus,
  onChange,
}: {
  mayChange: boolean
  /** Back from where the terms were about to be changed. */
  focus: boolean
  onChange(): void
}) {
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
        {volume && (
          <p className="services-terms muted numbers">
            {m.share.usedThisMonth(
              formatBytes(volume.usedBytes),
              volume.limitBytes === undefined ? undefined : formatGib(volume.limitBytes),
              formatDay(volume.resetsAtMs),
            )}
          </p>
        )}
      </div>
      {terms && (
        <div className="card card-pad running-terms">
          <div className="running-terms-head">
            <h3>{m.share.termsTitle}</h3>
            <Button size="small" onClick={onChange} disabled={!mayChange} autoFocus={focus}>
              {m.share.changeTerms}
            </Button>
          </div>
          <dl className="facts numbers">
            {factsOf(terms).map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </section>
  )
}

/** Everything that was agreed to, also what was left open. */
function factsOf(terms: ShareTerms): [label: string, value: string][] {
  const { pricePerUnit, unit, country, bandwidthMbps, maxSessions } = terms
  const { hours, monthlyBytes, totalBandwidthMbps, maxConnections, allowMail } = terms
  return [
    [m.share.price, formatPrice(pricePerUnit, unit)],
    [m.share.country, countryName(country)],
    [m.share.bandwidth, formatBandwidth(bandwidthMbps)],
    [m.share.maxSessions, formatCount(maxSessions)],
    [m.share.hours, hours ?? m.share.always],
    [m.share.monthly, monthlyBytes === undefined ? m.share.noLimit : formatGib(monthlyBytes)],
    [m.share.totalBandwidth, totalBandwidthMbps === undefined ? m.share.noLimit : formatBandwidth(totalBandwidthMbps)],
    [m.share.connections, formatCount(maxConnections ?? USUAL_CONNECTIONS)],
    [m.share.mail, allowMail ? m.share.mailOpen : m.share.mailClosed],
  ]
}
