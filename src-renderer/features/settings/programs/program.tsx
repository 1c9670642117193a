import { useId, useState } from 'react'
import type { ProgramView } from '#shared/contract/programs.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { costSentence } from '../../../messages/cost-sentence.ts'
import { countryName } from '../../../messages/countries.ts'
import {
  exactAmount,
  formatAmount,
  formatBytes,
  formatMystBare,
  formatPrice,
  shareOf,
} from '../../../messages/format.ts'
import { m } from '../../../messages/index.ts'
import { said } from '../../../messages/said.ts'
import { useNode } from '../../../store/node-context.tsx'
import { useCommand } from '../../../store/use-command.ts'
import { Button } from '../../../ui/button.tsx'
import { connectionTone } from '../../../ui/connection-state.ts'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Flag } from '../../../ui/flag.tsx'
import { ErrorNotice, Notice } from '../../../ui/notice.tsx'
import { ProxyHowTo } from '../../../ui/proxy-how-to.tsx'
import { Key } from './key.tsx'
import { Remove } from './remove.tsx'
import { TermsDialog } from './terms-dialog.tsx'

/** One program: its state in words with the button that changes it, its figures, and what can be changed of it. */
export function Program({ id }: { id: string }) {
  const program = useNode(({ programs }) => programs.find((one) => one.id === id))
  const [changing, setChanging] = useState(false)
  const title = useId()
  if (!program) return null
  const { name, connection, socksPort } = program
  const proxy = `127.0.0.1:${socksPort}`
  return (
    <li className="card card-pad program" aria-labelledby={title}>
      <div className="program-head">
        <div className="program-title">
          <h3 id={title}>
            <bdi>{name}</bdi>
          </h3>
          <p className="program-state">
            <span className="dot" data-tone={connectionTone(connection)} aria-hidden />
            <span role="status">
              <span className="visually-hidden">{name}: </span>
              {stateWords(connection)}
            </span>
          </p>
        </div>
        <Toggle program={program} />
      </div>
      <Troubles program={program} onRaise={() => setChanging(true)} />
      <dl className="facts">
        <Used program={program} />
        <Flow connection={connection} />
        <div>
          <dt>{m.programs.proxy}</dt>
          <dd className="program-proxy">
            <span className="mono">{proxy}</span>
            <CopyButton text={proxy} label={m.programs.copyProxy(name)} />
          </dd>
        </div>
        <div>
          <dt>{m.programs.wishes}</dt>
          <dd>{wishes(program)}</dd>
        </div>
        <Key program={program} />
      </dl>
      <ProxyHowTo port={socksPort} />
      <div className="program-actions">
        <Button size="small" aria-label={m.programs.changeOf(name)} onClick={() => setChanging(true)}>
          {m.programs.change}
        </Button>
        <Remove program={program} />
      </div>
      <TermsDialog open={changing} program={program} onClose={() => setChanging(false)} />
    </li>
  )
}

/** One button for both ways, never taken away: whoever pressed it by keyboard keeps the place. */
function Toggle({ program: { id, name, connection } }: { program: ProgramView }) {
  const connect = useCommand('programs.connect')
  const disconnect = useCommand('programs.disconnect')
  const isOff = connection.name === 'disconnected'
  const isBusy = connection.name === 'disconnecting' || connect.running || disconnect.running
  const words = isOff
    ? m.connect.connect
    : connection.name === 'connecting'
      ? m.connect.cancel
      : connection.name === 'disconnecting'
        ? m.connection.disconnecting
        : m.connect.disconnect
  const press = () => {
    if (isBusy) return
    connect.reset()
    disconnect.reset()
    void (isOff ? connect : disconnect).run({ id })
  }
  return (
    <>
      <Button
        {...(isOff && { kind: 'primary' })}
        className="program-toggle"
        aria-label={m.programs.buttonOf(words, name)}
        aria-disabled={isBusy}
        onClick={press}
      >
        {words}
      </Button>
      {(connect.error ?? disconnect.error) && (
        <div className="program-error">
          <ErrorNotice error={connect.error ?? disconnect.error} />
        </div>
      )}
    </>
  )
}

/** Without figures, so that it is read out when something happened and not each second. */
function stateWords(connection: ConnectionState): string {
  switch (connection.name) {
    case 'connecting': {
      const where = m.connection.connectingTo(countryName(connection.proposal.originLocation.country))
      return m.programs.connectingStep(where, m.steps.names[connection.step])
    }
    case 'connected':
      return m.connection.connectedTo(countryOf(connection))
    case 'reconnecting':
      return m.connection.announceLost(said(connection.lost))
    default:
      return m.connection[connection.name]
  }
}

function countryOf({ live, proposal }: Extract<ConnectionState, { name: 'connected' }>): string {
  return countryName(live.exit?.country ?? proposal.originLocation.country)
}

/** What is in its way: an empty budget, a payment that does not go through, or how its last connection ended. */
function Troubles({ program, onRaise }: { program: ProgramView; onRaise(): void }) {
  const { connection, budget, spent } = program
  const last = connection.name === 'disconnected' ? connection.last : undefined
  const unpaid = connection.name === 'connected' ? connection.live.unpaid : undefined
  const isUsedUp = spent >= budget || unpaid?.reason === 'budget-used-up'
  if (isUsedUp || last?.end === 'budget-used-up') {
    const raise = (
      <Button size="small" onClick={onRaise}>
        {m.programs.raise}
      </Button>
    )
    return (
      <Notice tone="amber" live action={raise}>
        {isUsedUp ? m.programs.usedUp : m.programs.endedForBudget}
      </Notice>
    )
  }
  if (unpaid) {
    return (
      <Notice tone="amber" live>
        <strong>{m.live.unpaidTitle}</strong>
        <p>
          {unpaid.reason === 'promise-not-covered' ? m.live.unpaidBalance : m.live.unpaidOther(said(unpaid.message))}
        </p>
      </Notice>
    )
  }
  if (!last || last.end === 'consumer-closed') return null
  return (
    <Notice tone="red">
      <strong>{last.step ? m.failure.title : m.failure.endedTitle}</strong>
      <p>
        {said(last.message)} {costSentence(last)}
      </p>
    </Notice>
  )
}

function Used({ program: { budget, spent } }: { program: ProgramView }) {
  return (
    <div>
      <dt>{m.programs.used}</dt>
      <dd className="program-used">
        <span className="numbers" title={exactAmount(spent)}>
          {m.programs.usedOf(formatMystBare(spent), formatAmount(budget))}
        </span>
        <div className="progress" data-full={spent >= budget} aria-hidden>
          <div style={{ width: `${shareOf(Number(spent), Number(budget)) * 100}%` }} />
        </div>
      </dd>
    </div>
  )
}

/** There also while nothing flows, so that nothing moves when it does. */
function Flow({ connection }: { connection: ConnectionState }) {
  const live = connection.name === 'connected' ? connection.live : undefined
  return (
    <>
      <div>
        <dt>{m.programs.exit}</dt>
        <dd>
          {connection.name === 'connected' ? (
            <span className="program-exit">
              <Flag country={live?.exit?.country ?? connection.proposal.originLocation.country} />
              {countryOf(connection)}
              {live?.exit && <span className="mono">{live.exit.address}</span>}
            </span>
          ) : (
            <span className="faint">{m.connection.disconnected}</span>
          )}
        </dd>
      </div>
      <div>
        <dt>{m.programs.traffic}</dt>
        <dd className="numbers">
          {m.programs.flowed(formatBytes(live?.bytesDown ?? 0n), formatBytes(live?.bytesUp ?? 0n))}
        </dd>
      </div>
    </>
  )
}

function wishes({ country, maxPricePerUnit, unit }: ProgramView): string {
  const where = country ? countryName(country) : m.connect.anyCountry
  if (maxPricePerUnit === undefined) return m.programs.anyPrice(where)
  if (maxPricePerUnit === 0n) return m.programs.freeOnly(where)
  return m.programs.upTo(where, unit ? formatPrice(maxPricePerUnit, unit) : formatAmount(maxPricePerUnit))
}
