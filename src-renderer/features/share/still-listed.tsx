import { blockDays } from '#shared/model/block-days.ts'
import { counted, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useQuery } from '../../store/use-query.ts'
import { Notice } from '../../ui/notice.tsx'

/** Nobody can take an offer off the chain: how long others still see those that are not shared now. */
export function StillListed() {
  const { active: provider } = useNode((state) => state.identity)
  const { services } = useNode((state) => state.share)
  const { local, headBlock } = useNode((state) => state.network)
  const revision = useNode((state) => state.proposals.revision)
  const { data = [] } = useQuery('proposals.query', provider === undefined ? { limit: 1 } : { provider }, revision)
  const idle = data.filter((offer) => offer.own && !services.some(({ serial }) => serial === offer.serial))
  const blocks = Math.max(0, ...idle.map(({ expiresAtBlock }) => expiresAtBlock - headBlock))
  if (blocks === 0) return null
  const days = Math.max(1, blockDays(blocks))
  return (
    <Notice>{m.share.stillListed(counted(idle.length), formatCount(blocks), local ? undefined : counted(days))}</Notice>
  )
}
