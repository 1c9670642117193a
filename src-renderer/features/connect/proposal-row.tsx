import { ChevronRight, Star, TriangleAlert } from 'lucide-react'
import { memo } from 'react'
import type { ProposalView } from '#shared/contract/answers.ts'
import { blockDays } from '#shared/model/block-days.ts'
import { countryName } from '../../messages/countries.ts'
import { counted, formatBandwidth, formatPerUnit, shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useLanguage, useNode } from '../../store/node-context.tsx'
import { Amount } from '../../ui/amount.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Flag } from '../../ui/flag.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { experience } from './experience.ts'
import { misconduct } from './misconduct.ts'

/** Scrolling moves rows that are there, and draws those only that come. */
export const ProposalRow = memo(function ProposalRow({
  proposal,
  headBlock,
  why,
  isInUse,
  onConnect,
  onPrefer,
}: {
  proposal: ProposalView
  headBlock: number
  /** Why nobody connects to it now; undefined: one can. */
  why: string | undefined
  /** One is connected through it. */
  isInUse: boolean
  onConnect(proposal: ProposalView): void
  onPrefer(proposal: ProposalView, preferred: boolean): void
}) {
  useLanguage() // Another one changes the words, and nothing that it is given.
  const isLocal = useNode(({ network }) => network.local)
  const country = countryName(proposal.originLocation.country)
  const servedFrom = proposal.serviceLocation.country
  const id = shortId(proposal.provider)
  return (
    <div className="row">
      <Flag country={proposal.originLocation.country} />
      <div className="row-main">
        <p className="row-title">
          <strong className="truncate">{country}</strong>
          <span className="tag">{m.service.tags[proposal.serviceType]}</span>
          {isInUse && <span className="tag tag-green">{m.connect.inUse}</span>}
        </p>
        <p className="row-line truncate">
          <IdentityLabel id={proposal.provider} size={15} />
          {servedFrom !== proposal.originLocation.country && (
            <span className="faint"> · {m.connect.servedFrom(countryName(servedFrom))}</span>
          )}
        </p>
        <p className="row-line truncate">
          {proposal.preferred && <span>{m.connect.preferred} · </span>}
          {proposal.own ? (
            <Own serial={proposal.serial} />
          ) : proposal.experience.misconduct ? (
            <span className="row-misconduct">
              <TriangleAlert size={13} aria-hidden /> {misconduct(proposal.experience.misconduct)}
            </span>
          ) : (
            <span title={m.connect.experience}>{experience(proposal.experience)}</span>
          )}
          {!isLocal && <span className="faint"> · {age(headBlock - proposal.blockNumber)}</span>}
        </p>
      </div>
      <div className="row-terms numbers">
        {proposal.pricePerUnit === 0n ? (
          <span>{m.connect.free}</span>
        ) : (
          <>
            <Amount value={proposal.pricePerUnit} />
            <span className="row-unit">{formatPerUnit(proposal.unit)}</span>
          </>
        )}
        <span className="faint">{formatBandwidth(proposal.bandwidthMbps)}</span>
      </div>
      <IconButton
        label={m.connect.prefer(id)}
        className="row-star"
        aria-pressed={proposal.preferred}
        onClick={() => onPrefer(proposal, !proposal.preferred)}
      >
        <Star size={17} aria-hidden />
      </IconButton>
      <Button
        size="small"
        className="row-connect"
        aria-label={m.connect.connectTo(id, country, m.service.tags[proposal.serviceType])}
        title={why}
        disabled={proposal.own || why !== undefined}
        onClick={() => onConnect(proposal)}
      >
        <span className="row-connect-text">{m.connect.connect}</span>
        <ChevronRight className="row-connect-icon" size={18} aria-hidden />
      </Button>
    </div>
  )
})

/** Instead of how it went with it. What is not shared now stays on the chain all the same. */
function Own({ serial }: { serial: number }) {
  const isShared = useNode(({ share }) => share.services.some((service) => service.serial === serial))
  return isShared ? (
    <span className="row-own" data-tone="green">
      {m.connect.own}
    </span>
  ) : (
    <span className="row-own" data-tone="amber">
      {m.connect.ownIdle}
    </span>
  )
}

/** In plain words what the chain counts in blocks. */
function age(blocks: number): string {
  const days = blockDays(blocks)
  return days < 1 ? m.connect.ageNew : m.connect.age(counted(days))
}
