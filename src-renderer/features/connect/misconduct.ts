import type { ProposalView } from '#shared/contract/answers.ts'
import { formatAmount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'

type Misconduct = NonNullable<ProposalView['experience']['misconduct']>

/** What a provider did that it must not, in a few words, and what that cost. */
export function misconduct({ kind, lost }: Misconduct): string {
  const what = m.connect.misconduct[kind]
  return lost > 0n ? m.connect.misconductLost(what, formatAmount(lost)) : what
}
