import { X } from 'lucide-react'
import type { Proposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { countryName } from '../../messages/countries.ts'
import { formatMystBare, formatPrice, formatTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useRemembered } from '../../store/remembered.ts'
import { IconButton } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Whoever asked once learns that somebody else took over, in another country or at another price. */
export function ElsewhereNotice({ connection }: { connection: Extract<ConnectionState, { name: 'connected' }> }) {
  const [dismissed, setDismissed] = useRemembered('elsewhere-dismissed', 0, acceptTime)
  const { proposal, live, before } = connection
  const lost = before?.lost
  if (!lost || lost.atMs === dismissed) return null
  const there = lost.proposal.originLocation.country
  const here = live.exit?.country ?? proposal.originLocation.country
  const time = formatTime(lost.atMs)
  const price = priceChange(lost.proposal, proposal)
  return (
    <div className="failure">
      <Notice
        tone="amber"
        live
        action={
          <IconButton label={m.failure.dismiss} onClick={() => setDismissed(lost.atMs)}>
            <X size={16} aria-hidden />
          </IconButton>
        }
      >
        <strong>{m.live.elsewhereTitle}</strong>
        <p>
          {there === here
            ? m.live.elsewhereSameCountry(countryName(there), time, price)
            : m.live.elsewhere(countryName(there), time, countryName(here), price)}
        </p>
      </Notice>
    </div>
  )
}

type Price = Pick<Proposal, 'pricePerUnit' | 'unit'>

function priceChange(before: Price, now: Price): string {
  const then = formatPrice(before.pricePerUnit, before.unit)
  if (formatPrice(now.pricePerUnit, now.unit) === then) return m.live.priceSame
  const isAlike = now.unit === before.unit && now.pricePerUnit > 0n && before.pricePerUnit > 0n
  const instead = isAlike ? formatMystBare(now.pricePerUnit) : formatPrice(now.pricePerUnit, now.unit)
  return m.live.priceInstead(instead, then)
}

const acceptTime = (stored: unknown) => (typeof stored === 'number' ? stored : undefined)
