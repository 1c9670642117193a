import type { SessionRecord } from '#shared/model/session.ts'
import { m } from '../../messages/index.ts'

/** In the words of the one who looks at it. */
export function endSentence(role: SessionRecord['role'], end: SessionRecord['end']): string {
  if (!end) return m.activity.unknownEnd
  return end === `${role}-closed` ? m.activity.endedByYou : m.activity.ends[end]
}
