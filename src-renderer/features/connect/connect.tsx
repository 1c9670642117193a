import './connect.css'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { ProposalView } from '#shared/contract/answers.ts'
import { type ConnectionFailure, isReplaceable } from '#shared/model/session.ts'
import { useNode } from '../../store/node-context.tsx'
import { useRemembered } from '../../store/remembered.ts'
import { redirect, useLinkedOffer } from '../../store/route.ts'
import { type KnownConnection, useConnection } from '../../store/use-connection.ts'
import { useQuery } from '../../store/use-query.ts'
import { connectionTone } from '../../ui/connection-state.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { ConnectingSteps } from './connecting-steps.tsx'
import { CountryPicks } from './country-picks.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { acceptFilters, countByCountry, isFiltered, matches, NO_FILTERS, toQuery } from './filters.ts'
import { LinkedOffer } from './linked-offer.tsx'
import { LiveSession } from './live-session.tsx'
import { LossNotice } from './loss-notice.tsx'
import { NodeGone } from './node-gone.tsx'
import { Offers } from './offers.tsx'
import { StatePanel } from './state-panel.tsx'
import { nextTarget, quickTarget, type Target } from './target.ts'
import { useTried } from './tried.ts'
import { useMeans } from './use-means.ts'
import { WorldMap } from './world-map.tsx'

const NONE: readonly ProposalView[] = []

/** Stage (map and state) beside what the state is about: offers, steps, or the live session. */
export function Connect() {
  const connection = useConnection()
  const means = useMeans()
  const revision = useNode((state) => state.proposals.revision)
  const [filters, setFilters] = useRemembered('filters', NO_FILTERS, acceptFilters)
  // Asked in this order, so that there is something to see before all are there.
  const first = useQuery('proposals.query', toQuery(filters, 'first'), 'once')
  const all = useQuery('proposals.query', toQuery(filters), revision)
  const query = all.data || all.error ? all : { ...all, ...(first.data && { data: first.data }) }
  const [target, setTarget] = useState<Target>()
  const tried = useTried(connection)
  const link = useLinkedOffer()
  const unlink = useCallback(() => {
    setTarget(undefined)
    if (link) redirect('connect')
  }, [link])

  const found = query.data ?? NONE
  const shown = useMemo(() => found.filter((proposal) => matches(proposal, filters)), [found, filters])
  const counts = useMemo(() => countByCountry(found), [found])
  const quick = useMemo(() => quickTarget(shown, means), [shown, means])

  const current = 'proposal' in connection ? connection.proposal : undefined
  const [lastType, setLastType] = useState(current?.serviceType)
  useEffect(() => {
    if (current) setLastType(current.serviceType)
  }, [current])

  const exit = connection.name === 'connected' ? connection.live.exit?.country : undefined
  const known = connection.name === 'unknown' ? connection.before : connection
  const last = endOf(connection)
  const idle = ['disconnected', 'disconnecting', 'blocked'].includes(known.name)
  const replaceable = isReplaceable(connection)
  const [isSwitching, setSwitching] = useState(false)
  const switching = replaceable && isSwitching
  useEffect(() => {
    if (!replaceable) setSwitching(false)
  }, [replaceable])
  // In a small window the offer was chosen far below, where the state is out of sight.
  const stage = useRef<HTMLElement>(null)
  const connecting = connection.name === 'connecting'
  useEffect(() => {
    if (connecting) stage.current?.scrollIntoView({ block: 'start' })
  }, [connecting])
  const choose = useCallback(
    (country: string) => {
      setFilters({ ...filters, country: filters.country === country ? '' : country })
      if (replaceable) setSwitching(true)
    },
    [replaceable, filters, setFilters],
  )
  const connectTo = useCallback(
    (proposal: ProposalView) =>
      setTarget({ kind: 'one', first: proposal, candidates: [proposal], instead: replaceable }),
    [replaceable],
  )
  return (
    <div className="connect" data-connection={connection.name} data-tone={connectionTone(connection)}>
      <section className="stage card" ref={stage}>
        <StatePanel quick={quick} onQuick={setTarget} switching={switching} onSwitch={setSwitching} />
        <WorldMap
          counts={counts}
          chosen={filters.country}
          focus={idle || switching ? undefined : (exit ?? current?.originLocation.country)}
          connection={switching ? 'disconnected' : connection.name}
          onChoose={choose}
        />
        {(idle || switching) && <CountryPicks counts={counts} chosen={filters.country} onChoose={choose} />}
      </section>
      <section className="side">
        {connection.name === 'unknown' && !idle && <NodeGone />}
        {link && <LinkedOffer link={link} onFound={setTarget} onDismiss={unlink} />}
        {last && (
          <FailureNotice
            key={JSON.stringify([last.message, last.step])}
            failure={last}
            next={nextTarget(shown, means, tried, lastType)}
            filtered={isFiltered(filters)}
            onNext={setTarget}
          />
        )}
        {(connection.name === 'reconnecting' || connection.name === 'blocked') && !isQuietLockdown(connection) && (
          <LossNotice connection={connection} />
        )}
        {(connection.name === 'connecting' || (connection.name === 'reconnecting' && !switching)) && (
          <ConnectingSteps connection={connection} />
        )}
        {connection.name === 'connected' && !switching && <LiveSession connection={connection} />}
        {(idle || switching) && (
          <Offers
            query={query}
            shown={shown}
            counts={counts}
            filters={filters}
            onFilters={setFilters}
            onConnect={connectTo}
          />
        )}
      </section>
      <ConfirmDialog target={target} filters={filters} onClose={unlink} />
    </div>
  )
}

/** How the last connection ended, while nobody asks for another one. */
function endOf(connection: KnownConnection): ConnectionFailure | undefined {
  if (connection.name === 'disconnected') return connection.last
  // With lockdown nothing is let out after it; what it cost is told all the same.
  if (connection.name === 'blocked' && isQuietLockdown(connection) && connection.bill) {
    return { end: 'consumer-closed', message: '', paid: connection.paid, bill: connection.bill }
  }
  return undefined
}

/** Closed by choice, and nothing went wrong. */
function isQuietLockdown(connection: KnownConnection): boolean {
  return connection.name === 'blocked' && connection.isLockdown === true && connection.again === undefined
}
