import type { SessionRecord } from './session.ts'
import type { Amount } from './units.ts'

/**
 * Sessions for programs, money in base units as text: with each its records and their signatures; and with `promises`,
 * where they are known, those of its peers.
 */
export function exportSessions(
  sessions: readonly SessionRecord[],
  nowMs: number,
  promises?: readonly { peer: string; serial: bigint; amount: Amount; signature: string }[],
): string {
  const peers = new Set<string>(sessions.map(({ peer }) => peer))
  const whole = {
    ...{ format: 'mysterium-sessions', version: 1, exportedAt: new Date(nowMs).toISOString(), sessions },
    ...(promises && { promises: promises.filter(({ peer }) => peers.has(peer)) }),
  }
  return `${decimalJson(whole, 2)}\n`
}

/** JSON with bigints as decimal texts. */
export function decimalJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner), indent)
}
