import type { PromiseView } from '#shared/contract/answers.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import { howSigned } from '#shared/model/session.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'
import {
  formatAmount,
  formatBytes,
  formatClock,
  formatCost,
  formatDateTime,
  formatPrice,
} from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { Amount } from '../../ui/amount.tsx'
import { signedEnd } from './end-sentence.ts'

const SHOWN_PROMISES = 5

/** Who signed a session's record, with what it says, and the promises that pay for sessions like it, newest first. */
export function Signed({ session, promises }: { session: SessionRecord; promises: readonly PromiseView[] }) {
  const { byBoth, alone } = session.signed ?? {}
  const how = howSigned(session)
  const runs = session.endedAtMs === undefined
  return (
    <details className="session-signed">
      <summary data-how={how}>{summary(session, how)}</summary>
      <p className="muted">{runs && how !== 'both' ? m.records.runningText : m.records.howText[how]}</p>
      {byBoth && <Record session={session} title={alone && m.records.byBoth} content={byBoth.content} />}
      {alone && <Record session={session} title={byBoth && m.records.byYou} content={alone.content} />}
      {promises.length > 0 && <p className="muted">{m.records.promises}</p>}
      <ul className="numbers">
        {promises.slice(0, SHOWN_PROMISES).map(({ serial, amount, state, updatedAtMs }) => (
          <li key={String(serial)}>
            <Amount value={amount} /> · {m.wallet.states[state]} · {formatDateTime(updatedAtMs)}
          </li>
        ))}
      </ul>
    </details>
  )
}

function summary({ signed }: SessionRecord, how: ReturnType<typeof howSigned>): string {
  if (how !== 'both-until') return m.records.how[how]
  return m.records.bothUntil(formatDateTime(signed?.byBoth?.content.endedAtMs ?? 0))
}

/** Everything that was signed, but for the two sides, the service, the offer and the promise’s number. */
function Record({
  session,
  title,
  content,
}: {
  session: SessionRecord
  title: string | undefined
  content: RecordContent
}) {
  const { role } = session
  const { startedAtMs, endedAtMs, durationMs, bytesUp, bytesDown, pricePerUnit, unit, cost } = content
  const { promiseSerial, promiseAmount, sessionId, end } = content
  const promise = promiseSerial === 0n ? m.records.noPromise : formatAmount(promiseAmount)
  const lines: [string, string][] = [
    [m.activity.started, formatDateTime(startedAtMs)],
    [m.records.until, formatDateTime(endedAtMs)],
    [m.records.end, end === 'running' ? m.activity.running : signedEnd(session, end)],
    [m.activity.duration, formatClock(durationMs)],
    [m.records.down[role], formatBytes(bytesDown)],
    [m.records.up[role], formatBytes(bytesUp)],
    [m.records.price, formatPrice(pricePerUnit, unit)],
    role === 'provider' ? [m.activity.earned, formatAmount(cost)] : [m.activity.cost, formatCost(cost)],
    [m.records.lastPromise, promise],
    [m.records.session, sessionId],
  ]
  return (
    <>
      {title && <h3>{title}</h3>}
      <dl className="facts">
        {lines.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}
