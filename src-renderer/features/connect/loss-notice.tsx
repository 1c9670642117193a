import type { ConnectionState } from '#shared/model/session.ts'
import { costSentence } from '../../messages/cost-sentence.ts'
import { counted, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useNow } from '../../store/use-now.ts'
import { Notice } from '../../ui/notice.tsx'

/** What was lost, in one sentence, and what is done about it or what it cost. */
export function LossNotice({
  connection,
}: {
  connection: Extract<ConnectionState, { name: 'reconnecting' | 'blocked' }>
}) {
  if (connection.name === 'reconnecting') {
    const { attempt, atMost, lost, retryAtMs } = connection
    return (
      <div className="failure">
        <Notice tone="amber">
          <strong>{m.failure.lostTitle}</strong>
          <p>
            {said(lost)} <Attempt number={formatCount(attempt)} atMost={formatCount(atMost)} retryAtMs={retryAtMs} />
          </p>
        </Notice>
      </div>
    )
  }
  return (
    <div className="failure">
      <Notice tone="red">
        <strong>{connection.isLockdown ? m.failure.title : m.failure.blockedTitle}</strong>
        <p>{said(connection.why)}</p>
        {(connection.paid > 0n || connection.bill) && <p className="failure-cost">{costSentence(connection)}</p>}
      </Notice>
    </div>
  )
}

function Attempt(props: { number: string; atMost: string; retryAtMs: number | undefined }) {
  const { number, atMost, retryAtMs } = props
  const now = useNow()
  if (retryAtMs === undefined) return m.failure.attempt(number, atMost)
  const seconds = Math.max(1, Math.ceil((retryAtMs - now) / 1000))
  return <span className="numbers">{m.failure.nextAttempt(number, atMost, counted(seconds))}</span>
}
