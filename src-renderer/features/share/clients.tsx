import { Users } from 'lucide-react'
import type { RiskView } from '#shared/contract/answers.ts'
import { counted, formatAmount, formatDateTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { navigate } from '../../store/route.ts'
import { useNow } from '../../store/use-now.ts'
import { Button } from '../../ui/button.tsx'
import { FailedQuery } from '../../ui/failed-query.tsx'
import { Client } from './client.tsx'
import { scheduleOf, useRisk } from './risk.ts'

/** Who is connected and who owes something, each with the risk of it. */
export function Clients() {
  const { sessions, state, closed } = useNode(({ share }) => share)
  const query = useRisk()
  const now = useNow()
  const views = new Map(query.data?.map((view) => [view.issuer, view]))
  const connected = new Set(sessions.map(({ consumer }) => consumer))
  const others = [...views.values()].filter(
    ({ issuer, outstandingHere }) => outstandingHere > 0n && !connected.has(issuer),
  )
  return (
    <>
      <FailedQuery text={m.provider.riskFailed} query={query} />
      {state !== 'off' && (
        <section className="section">
          <h2>{m.share.sessions}</h2>
          <div className="card">
            {sessions.length === 0 ? (
              <div className="empty">
                <Users size={28} strokeWidth={1.5} aria-hidden />
                <p>{closed ? m.share.noSessionsPaused : m.share.noSessions}</p>
              </div>
            ) : (
              <ul className="clients" aria-label={m.share.sessions}>
                {sessions.map((session) => (
                  <Client
                    key={session.sessionId}
                    id={session.consumer}
                    risk={views.get(session.consumer)}
                    session={session}
                    now={now}
                  />
                ))}
              </ul>
            )}
          </div>
        </section>
      )}
      <Waiting views={[...views.values()]} others={others} now={now} />
    </>
  )
}

/** What is promised and not cleared: how much of it, when it will be, and who owes it without being connected. */
function Waiting({ views, others, now }: { views: readonly RiskView[]; others: readonly RiskView[]; now: number }) {
  const wallet = useNode((state) => state.wallet)
  const { promises, issuers, isDue, byMs, from, tooLittle } = scheduleOf(views, wallet.clearingPolicy)
  if (promises === 0) return null
  return (
    <section className="section">
      <h2>{m.provider.owed}</h2>
      <div className="card">
        <div className="owed">
          <div>
            <p>{m.provider.waitingSum(counted(promises), counted(issuers), formatAmount(wallet.receivable))}</p>
            <p className="muted">
              {isDue
                ? wallet.transactionsLeft === 0
                  ? m.provider.dueNoGas
                  : m.provider.dueNow
                : m.provider.schedule(
                    byMs === undefined ? undefined : formatDateTime(byMs),
                    from === undefined ? undefined : formatAmount(from),
                  )}
              {tooLittle > 0 && ` ${m.provider.tooLittle(counted(tooLittle))}`}
            </p>
          </div>
          <Button size="small" onClick={() => navigate('wallet')}>
            {m.provider.changeSchedule}
          </Button>
        </div>
        {others.length > 0 && (
          <ul className="clients" aria-label={m.provider.notConnected}>
            {others.map((risk) => (
              <Client key={risk.issuer} id={risk.issuer} risk={risk} now={now} />
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}
