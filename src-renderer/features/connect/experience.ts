import type { ProposalView } from '#shared/contract/answers.ts'
import { formatCount, formatStepTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'

/** In a few words, as a row has room for: "5 of 8 worked, 0.8 s". */
export function experience({ sessions, failures, lastConnectMs, failedLast }: ProposalView['experience']): string {
  if (sessions + failures === 0) return m.connect.newToYou
  const worked = m.connect.worked(formatCount(sessions), formatCount(sessions + failures))
  if (failedLast && sessions > 0) return `${worked}, ${m.connect.failedLast}`
  return lastConnectMs === undefined ? worked : `${worked}, ${formatStepTime(lastConnectMs)}`
}

/** The same in a sentence; it is of the provider, whichever of its services was used. */
export function experienceSentence(of: ProposalView['experience']): string {
  const { sessions, failures, lastConnectMs, failedLast } = of
  if (sessions + failures === 0) return m.confirm.newToYou
  const worked = m.confirm.worked(formatCount(sessions), formatCount(sessions + failures))
  if (failedLast && sessions > 0) return `${worked}; ${m.confirm.failedLast}`
  return lastConnectMs === undefined ? worked : `${worked}; ${m.confirm.started(formatStepTime(lastConnectMs))}`
}
