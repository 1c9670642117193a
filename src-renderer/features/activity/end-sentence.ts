import type { SessionRecord } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import { m } from '../../messages/index.ts'

/** In the words of the one who looks at it. */
export function endSentence(role: SessionRecord['role'], end: SessionRecord['end']): string {
  if (!end) return m.activity.unknownEnd
  if (end === `${role}-closed`) return m.activity.endedByYou
  return role === 'provider' && end in m.activity.endsSold
    ? m.activity.endsSold[end as keyof typeof m.activity.endsSold]
    : m.activity.ends[end]
}

/**
 * The end that a record was signed with. It knows which side closed the session, and not why: a provider cannot see
 * that the customer's tunnel failed.
 */
export function signedEnd(session: Pick<SessionRecord, 'role' | 'end'>, end: SessionEnd): string {
  const isOther = session.end !== undefined && session.end !== end
  return isOther && end === `${session.role}-closed` ? m.records.closedHere : endSentence(session.role, end)
}
