import type { RiskView } from '#shared/contract/answers.ts'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import { useNode } from '../../store/node-context.tsx'
import { type Query, useQuery } from '../../store/use-query.ts'

/** How all stand who are connected or owe something; asked for anew whenever the node says that it may have changed. */
export function useRisk(): Query<RiskView[]> {
  const revision = useNode(({ share, network, identity }) =>
    [identity.active, share.riskRevision, network.chain].join('/'),
  )
  const consumers = useNode(({ share }) => share.sessions.map(({ consumer }) => consumer).join())
  return useQuery('promises.risk', { peers: consumers === '' ? [] : [...new Set(consumers.split(','))] }, revision)
}

export type Schedule = {
  /** Promises that wait, and of how many issuers. */
  promises: number
  issuers: number
  /** Something is being cleared, or would be if it could be paid for. */
  isDue: boolean
  /** The first of them is cleared by then at the latest. */
  byMs?: number
  /** As soon as one issuer owes so much. */
  from?: bigint
  /** Issuers whose promises are too little to be worth a clearing for now. */
  tooLittle: number
}

/** When what waits is cleared without being asked. */
export function scheduleOf(views: readonly RiskView[], policy: ClearingPolicy): Schedule {
  const owing = views.filter(({ outstandingHere }) => outstandingHere > 0n)
  const times = owing.flatMap(({ dueAtMs }) => dueAtMs ?? [])
  const isSmall = ({ clearing, dueAtMs }: RiskView) =>
    clearing === 'costs-more' || (clearing === 'waiting' && policy.maxAgeMs > 0 && dueAtMs === undefined)
  return {
    promises: owing.reduce((sum, { promises }) => sum + promises, 0),
    issuers: owing.length,
    isDue: owing.some(({ clearing }) => clearing !== 'waiting' && clearing !== 'costs-more'),
    ...(times.length > 0 && { byMs: Math.min(...times) }),
    ...(policy.threshold > 0n && { from: policy.threshold }),
    tooLittle: owing.filter(isSmall).length,
  }
}
