import type { ConnectionState } from '#shared/model/session.ts'
import { formatAmount, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { Notice } from '../../ui/notice.tsx'

/** What was lost, in one sentence, and what is done about it or what it cost. */
export function LossNotice({
  connection,
}: {
  connection: Extract<ConnectionState, { name: 'reconnecting' | 'blocked' }>
}) {
  if (connection.name === 'reconnecting') {
    const { attempt, lost } = connection
    return (
      <div className="failure">
        <Notice tone="amber">
          <strong>{m.failure.lostTitle}</strong>
          <p>
            {said(lost)} {m.failure.attempt(formatCount(attempt))}
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
        {connection.paid > 0n && <p className="failure-cost">{m.failure.paid(formatAmount(connection.paid))}</p>}
      </Notice>
    </div>
  )
}
