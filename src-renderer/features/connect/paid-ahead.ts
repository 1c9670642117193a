import type { Proposal } from '#shared/model/proposal.ts'
import type { LiveSession } from '#shared/model/session.ts'
import { GIB, HOUR_MS } from '#shared/model/units.ts'

/** What was paid ahead, as something a person understands. `lastsMs`: a volume at the present pace, while there is one. */
export type PaidAhead =
  | { kind: 'free' }
  | { kind: 'nothing' }
  | { kind: 'time'; durationMs: number }
  | { kind: 'volume'; bytes: bigint; lastsMs?: number }

/** Slower than this is background noise; minutes reckoned from it would be days. */
const IDLE_BPS = 20_000
const DAY_MS = 86_400_000

/** In what is paid for: time by the hour, volume by the GiB. `bitsPerSecond`: both ways. */
export function paidAhead(
  terms: Pick<Proposal, 'unit' | 'pricePerUnit'>,
  { leftover }: Pick<LiveSession, 'leftover'>,
  bitsPerSecond: number,
): PaidAhead {
  if (terms.pricePerUnit === 0n) return { kind: 'free' }
  if (leftover <= 0n) return { kind: 'nothing' }
  if (terms.unit === 'hour') return { kind: 'time', durationMs: Number((leftover * HOUR_MS) / terms.pricePerUnit) }
  const bytes = (leftover * GIB) / terms.pricePerUnit
  const lastsMs = bitsPerSecond < IDLE_BPS ? Infinity : (Number(bytes) * 8 * 1000) / bitsPerSecond
  return { kind: 'volume', bytes, ...(lastsMs <= DAY_MS && { lastsMs }) }
}

/** The pace of the last half minute, since the minutes should not jump with every burst; 0 as soon as nothing flows. */
export function pace(samples: readonly { atMs: number; up: number; down: number }[]): number {
  const last = samples.at(-1)
  if (!last) return 0
  const recent = samples.filter((sample) => sample.atMs >= last.atMs - 30_000)
  const isIdle = recent.slice(-5).every(({ up, down }) => up + down < IDLE_BPS)
  if (isIdle) return 0
  return recent.reduce((sum, { up, down }) => sum + up + down, 0) / recent.length
}
