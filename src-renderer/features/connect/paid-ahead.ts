import type { Proposal } from '#shared/model/proposal.ts'
import type { LiveSession } from '#shared/model/session.ts'
import { GIB, HOUR_MS } from '#shared/model/units.ts'

/** What was paid ahead, as something a person understands. */
export type PaidAhead =
  | { kind: 'free' }
  | { kind: 'nothing' }
  | { kind: 'time'; durationMs: number }
  | { kind: 'volume'; bytes: bigint }

/** In what is paid for: time by the hour, volume by the GiB. Minutes of a volume would change with every burst. */
export function paidAhead(
  terms: Pick<Proposal, 'unit' | 'pricePerUnit'>,
  { leftover }: Pick<LiveSession, 'leftover'>,
): PaidAhead {
  if (terms.pricePerUnit === 0n) return { kind: 'free' }
  if (leftover <= 0n) return { kind: 'nothing' }
  return terms.unit === 'hour'
    ? { kind: 'time', durationMs: Number((leftover * HOUR_MS) / terms.pricePerUnit) }
    : { kind: 'volume', bytes: (leftover * GIB) / terms.pricePerUnit }
}
