import './activity.css'
import { ArrowDownLeft, ArrowUpRight, History } from 'lucide-react'
import { useState } from 'react'
import type { PromiseView } from '#shared/contract/answers.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { ConnectionState, LiveSession, ServedSession, SessionRecord } from '#shared/model/session.ts'
import { exportSessions } from '#shared/model/session-export.ts'
import { countryName } from '../../messages/countries.ts'
import { counted, formatAmount, formatBytes, formatClock, formatCost, formatDateTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useNow } from '../../store/use-now.ts'
import { useQuery } from '../../store/use-query.ts'
import { Amount } from '../../ui/amount.tsx'
import { Button } from '../../ui/button.tsx'
import { FailedQuery } from '../../ui/failed-query.tsx'
import { Flag } from '../../ui/flag.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { endSentence } from './end-sentence.ts'
import { toCsv } from './export.ts'
import { Signed } from './signed.tsx'

type Shown = 'all' | SessionRecord['role']
const choices = (): [Shown, string][] => [
  ['all', m.activity.all],
  ['consumer', m.activity.bought],
  ['provider', m.activity.sold],
]
/** Which promises pay for a session, from where one stands. */
const SIGNED = { consumer: 'given', provider: 'received' } as const
const PAGE = 50
/** The most the contract gives at once. */
const LIMIT = 1000

export function Activity() {
  const bought = useNode((state) =>
    connectionsIn(state)
      .map(({ name }) => name)
      .join(),
  )
  const served = useNode((state) => state.share.sessions.map(({ sessionId }) => sessionId).join())
  const signed = useNode((state) => state.share.recordsRevision)
  const [shown, setShown] = useState<Shown>('all')
  const [count, setCount] = useState(PAGE)
  const query = useQuery('sessions.list', { limit: LIMIT }, `${bought}/${served}/${signed}`)
  // Without an unlocked identity nothing is known of promises; the sessions are there all the same.
  const promises = useQuery('promises.list', {}, `${bought}/${served}`).data
  const sessions = (query.data ?? []).filter(({ role }) => shown === 'all' || role === shown)
  return (
    <div className="screen">
      <header className="screen-head">
        <div>
          <h1>{m.activity.title}</h1>
          <p className="muted">{m.activity.text}</p>
        </div>
        <fieldset className="segments">
          <legend className="visually-hidden">{m.activity.filter}</legend>
          {choices().map(([value, label]) => (
            <label key={value}>
              <input type="radio" name="shown" checked={shown === value} onChange={() => setShown(value)} />
              {label}
            </label>
          ))}
        </fieldset>
      </header>
      <FailedQuery text={m.activity.failed} query={query} />
      {sessions.length > 0 && (
        <div className="sessions-export">
          <Totals sessions={sessions} />
          <Export sessions={sessions} promises={promises} />
        </div>
      )}
      {sessions.length > 0 ? (
        <ul className="card sessions">
          {sessions.slice(0, count).map((session) => (
            <Session
              key={`${session.role}-${session.peer}-${session.sessionId}`}
              session={session}
              promises={(promises ?? []).filter(
                ({ peer, direction }) => peer === session.peer && direction === SIGNED[session.role],
              )}
            />
          ))}
        </ul>
      ) : query.loading && !query.data ? (
        <p className="empty">{m.activity.loading}</p>
      ) : (
        <div className="card empty">
          <History size={28} strokeWidth={1.5} aria-hidden />
          <strong>{shown === 'all' ? m.activity.none : m.activity.noneOf[shown]}</strong>
          <p>{shown === 'all' ? m.activity.noneText : m.activity.noneOfText[shown]}</p>
        </div>
      )}
      {sessions.length > count && (
        <Button className="sessions-more" onClick={() => setCount(count + PAGE)}>
          {m.activity.more}
        </Button>
      )}
    </div>
  )
}

/** Of what is listed; a session that runs counts with what was written down of it last. */
function Totals({ sessions }: { sessions: readonly SessionRecord[] }) {
  const sum = (role: SessionRecord['role']) => {
    const own = sessions.filter((session) => session.role === role)
    return own.length > 0 ? own.reduce((all, { metering }) => all + metering.cost, 0n) : undefined
  }
  const [paid, earned] = [sum('consumer'), sum('provider')]
  return (
    <p className="sessions-totals muted numbers">
      {paid !== undefined && <span>{m.activity.paidInAll(formatCost(paid))}</span>}{' '}
      {earned !== undefined && <span>{m.activity.earnedInAll(formatAmount(earned))}</span>}
    </p>
  )
}

/** What is shown, as a file. */
function Export({
  sessions,
  promises,
}: {
  sessions: readonly SessionRecord[]
  promises: readonly PromiseView[] | undefined
}) {
  const name = (ending: string) => `mysterium-sessions-${new Date().toISOString().slice(0, 10)}.${ending}`
  return (
    <>
      <span className="muted">{m.records.exportText(counted(sessions.length))}</span>
      <Button size="small" onClick={() => saveFile(name('csv'), toCsv(sessions), 'text/csv')}>
        {m.records.csv}
      </Button>
      <Button size="small" onClick={() => saveFile(name('json'), exportSessions(sessions, Date.now(), promises))}>
        {m.records.json}
      </Button>
    </>
  )
}

function Session({ session, promises }: { session: SessionRecord; promises: readonly PromiseView[] }) {
  const { role, peer, serviceType, startedAtMs, endedAtMs, end, metering, country, program } = session
  const sold = role === 'provider'
  const live = useNode((state) => liveOf(state, session))
  return (
    <li className="session">
      <span className="session-mark" data-role={role} aria-hidden>
        {sold ? <ArrowUpRight size={17} /> : <ArrowDownLeft size={17} />}
      </span>
      <div className="session-who">
        <p className="session-title">
          <span className="muted">{m.activity.roles[role]}</span> <IdentityLabel id={peer} />
          <span className="tag">{m.service.tags[serviceType]}</span>
        </p>
        <p className="faint session-line">
          {formatDateTime(startedAtMs)}
          {' · '}
          {country && (
            <>
              <span className="session-country">
                <Flag country={country} /> {countryName(country)}
              </span>
              {' · '}
            </>
          )}
          {program && (
            <>
              <bdi>{m.activity.forProgram(program)}</bdi>
              {' · '}
            </>
          )}
          {endedAtMs === undefined ? (
            <span className="session-running">{m.activity.running}</span>
          ) : (
            endSentence(role, end)
          )}
        </p>
        <Signed session={session} promises={promises} />
      </div>
      {live ? <LiveFigures sold={sold} live={live} /> : <Figures sold={sold} metering={metering} />}
    </li>
  )
}

/** As the Connect and the Share screen have them: the list of sessions is as old as the last time it was asked for. */
function LiveFigures({ sold, live }: { sold: boolean; live: LiveSession | ServedSession }) {
  const { cost, bytesUp, bytesDown } = 'metering' in live ? live.metering : live
  const durationMs = useNow() - live.startedAtMs
  return <Figures sold={sold} metering={{ cost, bytesUp, bytesDown, durationMs }} />
}

/** The person's own, and those of programs. */
const connectionsIn = ({ connection, programs }: AppState): ConnectionState[] => [
  connection,
  ...programs.map((program) => program.connection),
]

/** What the node says of a session now; undefined when it does not run. */
function liveOf(state: AppState, { role, peer, sessionId }: SessionRecord): LiveSession | ServedSession | undefined {
  if (role === 'provider') {
    return state.share.sessions.find((one) => one.sessionId === sessionId && one.consumer === peer)
  }
  for (const connection of connectionsIn(state)) {
    if (connection.name !== 'connected') continue
    const { live } = connection
    if (live.sessionId === sessionId && live.provider === peer) return live
  }
  return undefined
}

function Figures({ sold, metering }: { sold: boolean; metering: SessionRecord['metering'] }) {
  return (
    <>
      <div className="session-figures numbers">
        <span>
          <span className="visually-hidden">{m.activity.duration} </span>
          {formatClock(metering.durationMs)}
        </span>
        <span className="faint">
          <span className="visually-hidden">{m.activity.traffic} </span>
          {formatBytes(metering.bytesDown + metering.bytesUp)}
        </span>
      </div>
      <p className="session-cost" data-role={sold ? 'provider' : 'consumer'}>
        <span className="visually-hidden">{sold ? m.activity.earned : m.activity.cost} </span>
        <Amount value={metering.cost} sign={sold ? '+' : '−'} isCost={!sold} />
      </p>
    </>
  )
}
