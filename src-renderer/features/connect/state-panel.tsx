import { ArrowLeftRight, LockOpen, Power, RotateCw, Undo2, Zap } from 'lucide-react'
import { type FocusEvent, useEffect, useRef, useState } from 'react'
import { type ConnectionState, isReplaceable, startedInAll } from '#shared/model/session.ts'
import { countryName } from '../../messages/countries.ts'
import { counted, formatClock, formatPrice, formatTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { type KnownConnection, useConnection } from '../../store/use-connection.ts'
import { useNow } from '../../store/use-now.ts'
import { Button } from '../../ui/button.tsx'
import { connectionTitle, connectionTone } from '../../ui/connection-state.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Flag } from '../../ui/flag.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import type { Target } from './target.ts'

/** The state in words and the one button that changes it; always in the same place. */
export function StatePanel(props: {
  quick: Target | undefined
  onQuick(target: Target): void
  /** Whether the offers are shown beside a session, to choose another one. */
  switching: boolean
  onSwitch(switching: boolean): void
}) {
  const { quick, onQuick, switching, onSwitch } = props
  const connection = useConnection()
  const disconnect = useCommand('connection.disconnect')
  const retry = useCommand('connection.connect')
  const restore = useCommand('connection.restore')
  const isLockdown = connection.name === 'blocked' && connection.isLockdown === true
  const offers = useNode((state) => state.proposals.count)
  const stop = () => void disconnect.run({})
  const keepFocus = useKeepFocus(connection.name)
  return (
    <div className="panel" {...keepFocus}>
      <div className="panel-state">
        <span className="dot" data-tone={connectionTone(connection)} aria-hidden />
        <h1 tabIndex={-1}>{connectionTitle(connection)}</h1>
        {connection.name === 'connected' && <Elapsed sinceMs={startedInAll(connection)} />}
        {connection.name === 'connecting' && <Elapsed sinceMs={connection.startedAtMs} />}
        {(connection.name === 'reconnecting' || (connection.name === 'blocked' && !isLockdown)) && (
          <Elapsed sinceMs={connection.sinceMs} />
        )}
      </div>
      <Where connection={connection} />
      {connection.name === 'connected' && connection.live.socksPort !== undefined && (
        <ProxyAddress address={`127.0.0.1:${connection.live.socksPort}`} />
      )}
      {(connection.name === 'disconnected' || isLockdown) && (
        <div className="panel-action">
          <Button
            kind="primary"
            size="large"
            wide
            icon={<Zap size={18} aria-hidden />}
            disabled={!quick}
            onClick={() => quick && onQuick(quick)}
          >
            {m.connect.quick}
          </Button>
          <p className="panel-hint faint">
            {!quick
              ? offers === 0
                ? m.connect.quickNoneYet
                : m.connect.quickNone
              : m.connect.quickHint(
                  counted(quick.candidates.length),
                  m.service.tags[quick.first.serviceType],
                  `${countryName(quick.first.originLocation.country)}, ${formatPrice(quick.first.pricePerUnit, quick.first.unit)}`,
                )}
          </p>
        </div>
      )}
      {connection.name === 'connecting' && (
        <Button size="large" wide onClick={stop} busy={disconnect.running && m.steps.cancelling}>
          {m.connect.cancel}
        </Button>
      )}
      {isReplaceable(connection) && (
        <Button
          size="large"
          wide
          icon={switching ? <Undo2 size={18} aria-hidden /> : <ArrowLeftRight size={18} aria-hidden />}
          onClick={() => onSwitch(!switching)}
        >
          {switching ? m.connect.keepSession : m.connect.switch}
        </Button>
      )}
      {isReplaceable(connection) && (
        <Button
          size="large"
          kind="danger"
          wide
          icon={<Power size={18} aria-hidden />}
          onClick={stop}
          busy={disconnect.running && m.connection.disconnecting}
        >
          {m.connect.disconnect}
        </Button>
      )}
      {connection.name === 'blocked' && (
        <BlockedActions
          again={isLockdown ? undefined : connection.again && (() => void retry.run(connection.again ?? {}))}
          retrying={retry.running}
          restore={() => void restore.run({})}
          restoring={restore.running}
        />
      )}
      {connection.name === 'disconnecting' && <Button size="large" wide busy={`${m.connection.disconnecting}…`} />}
      <ErrorNotice error={disconnect.error ?? restore.error ?? retry.error} />
    </div>
  )
}

/** A button goes with the state it belongs to; whoever pressed it by keyboard then stands at the new state's name. */
function useKeepFocus(state: string) {
  const ref = useRef<HTMLDivElement>(null)
  const wasHere = useRef(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the change of state that takes the button away.
  useEffect(() => {
    if (wasHere.current && document.activeElement === document.body) ref.current?.querySelector('h1')?.focus()
  }, [state])
  return {
    ref,
    onFocus: () => {
      wasHere.current = true
    },
    onBlur: (event: FocusEvent) => {
      if (event.relatedTarget) wasHere.current = false
    },
  }
}

/** Nothing goes on by itself any more: the person decides between protection and her own address. */
function BlockedActions(props: {
  again: (() => void) | undefined
  retrying: boolean
  restore(): void
  restoring: boolean
}) {
  const lockdown = useNode((state) => state.settings.lockdown)
  // One click would undo a standing word that was asked about when it was given.
  const [asking, setAsking] = useState(false)
  return (
    <div className="panel-action">
      {props.again && (
        <Button
          kind="primary"
          size="large"
          wide
          icon={<RotateCw size={18} aria-hidden />}
          onClick={props.again}
          busy={props.retrying && m.connect.trying}
        >
          {m.connect.tryAgain}
        </Button>
      )}
      <Button
        size="large"
        wide
        icon={<LockOpen size={18} aria-hidden />}
        onClick={lockdown ? () => setAsking(true) : props.restore}
        busy={props.restoring && m.connect.restoring}
      >
        {m.connect.restore}
      </Button>
      <p className="panel-hint faint">{lockdown ? m.connect.restoreLockdownHint : m.connect.restoreHint}</p>
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={m.connect.restoreLockdownTitle}
        text={m.connect.restoreLockdownWarning}
      >
        <div className="dialog-actions">
          <Button onClick={() => setAsking(false)}>{m.app.cancel}</Button>
          <Button
            kind="primary"
            onClick={() => {
              setAsking(false)
              props.restore()
            }}
          >
            {m.connect.restoreLockdownGo}
          </Button>
        </div>
      </Dialog>
    </div>
  )
}

function Where({ connection }: { connection: KnownConnection }) {
  if (connection.name === 'unknown') {
    const { before, sinceMs } = connection
    return (
      <p className="panel-where muted">
        {m.connection.unknownText(formatTime(sinceMs), connectionTitle(before))}
        {unknownProtection(before)}
      </p>
    )
  }
  if (connection.name === 'disconnected') return <p className="panel-where muted">{m.connection.disconnectedText}</p>
  if (connection.name === 'disconnecting') return <p className="panel-where muted">{m.connection.disconnectingText}</p>
  if (connection.name === 'blocked') {
    return (
      <p className="panel-where muted">
        {connection.isLockdown ? m.connection.lockdownText : m.connection.blockedText}
      </p>
    )
  }
  const { proposal } = connection
  if (connection.name === 'reconnecting') {
    const { country } = proposal.originLocation
    return (
      <p className="panel-where">
        <Flag country={country} />
        <span>
          <strong>{m.connection.reconnectingTo(countryName(country))}</strong>
          <span className="panel-sentence muted">
            {connection.isBlocked ? m.connection.reconnectingBlockedText : m.connection.reconnectingSocksText}
          </span>
        </span>
      </p>
    )
  }
  if (connection.name === 'connecting') {
    const { country } = proposal.originLocation
    return (
      <p className="panel-where">
        <Flag country={country} />
        <span>{m.connection.connectingTo(countryName(country))}</span>
      </p>
    )
  }
  const country = connection.live.exit?.country ?? proposal.originLocation.country
  const tunnel = connection.live.exit ? m.connection.connectedText : m.connection.connectedUnknownText
  const sentence = proposal.serviceType === 'socks' ? m.connection.connectedSocksText : tunnel
  return (
    <p className="panel-where">
      <Flag country={country} />
      <span>
        <strong>{countryName(country)}</strong>
        {connection.live.exit && <span className="mono"> · {connection.live.exit.address}</span>}
        <span className="panel-sentence muted">{sentence}</span>
      </span>
    </p>
  )
}

/** What a node that is gone left behind: the guard outlives it, a proxy does not. */
function unknownProtection(before: ConnectionState): string {
  // Of an attempt nobody knows how far it came.
  if (before.name === 'disconnected' || before.name === 'disconnecting' || before.name === 'connecting') return ''
  const isVpn = before.name === 'blocked' || before.proposal.serviceType === 'openvpn'
  return ` ${isVpn ? m.connection.unknownVpn : m.connection.unknownProxy}`
}

/** The one thing that is needed of a proxy. */
function ProxyAddress({ address }: { address: string }) {
  return (
    <div className="panel-proxy">
      <span className="muted">{m.live.socks}</span>
      <span className="panel-proxy-address">
        <strong className="mono">{address}</strong>
        <CopyButton text={address} />
      </span>
    </div>
  )
}

function Elapsed({ sinceMs }: { sinceMs: number }) {
  const now = useNow()
  return <span className="panel-clock numbers muted">{m.connection.elapsed(formatClock(now - sinceMs))}</span>
}
