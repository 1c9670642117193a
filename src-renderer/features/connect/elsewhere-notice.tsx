import { X } from 'lucide-react'
import type { Proposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { countryName } from '../../messages/countries.ts'
import { formatMystBare, formatPrice, formatTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useRemembered } from '../../store/remembered.ts'
import { IconButton } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

/** Whoever asked once learns that somebody else took over, in another country or at another price. */
export function ElsewhereNotice({ connection }: { connection: Extract<ConnectionState, { name: 'connected' }> }) {
  const [dismissed, setDismissed] = useRemembered('elsewhere-dismissed', 0, acceptTime)
  const { live, before } = connection
  const atMs = before?.lost?.atMs ?? live.startedAtMs
  const text = elsewhere(connection)
  if (text === undefined || atMs === dismissed) return null
  return (
    <div className="failure">
      <Notice
        tone="amber"
        live
        action={
          <IconButton label={m.failure.dismiss} onClick={() => setDismissed(atMs)}>
            <X size={16} aria-hidden />
          </IconButton>
        }
      >
        <strong>{m.live.elsewhereTitle}</strong>
        <p>{text}</p>
      </Notice>
    </div>
  )
}

/** What was lost, or tried first, and what it is now; undefined: nothing that matters to her. */
function elsewhere({
  proposal,
  live,
  before,
  tried,
}: Extract<ConnectionState, { name: 'connected' }>): string | undefined {
  const here = live.exit?.country ?? proposal.originLocation.country
  if (before?.lost) {
    const { proposal: lost, atMs } = before.lost
    const there = lost.originLocation.country
    const price = priceChange(lost, proposal)
    return there === here
      ? m.live.elsewhereSameCountry(countryName(there), formatTime(atMs), price)
      : m.live.elsewhere(countryName(there), formatTime(atMs), countryName(here), price)
  }
  if (!tried) return undefined
  const there = tried.proposal.originLocation.country
  const price = priceChange(tried.proposal, proposal)
  if (there === here && price === m.live.priceSame) return undefined
  return m.live.triedFirst(countryName(there), said(tried.why), countryName(here), price)
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
