import type { AppState } from '#shared/contract/state.ts'
import { plainText } from '#shared/model/plain-text.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { formatMyst, MYST } from '#shared/model/units.ts'
import { exitOf, shortId } from './glance.ts'
import { figure, said, t } from './texts.ts'

/** What a notification of the operating system shows; plain text. */
export type Note = { title: string; body: string }

/** What was told, so that one event is told once. */
export type Told = {
  before: AppState
  /** Every session that was ever seen served; one that is listed again was not bought again. */
  served: ReadonlySet<string>
  /** The most that was paid ahead in the session, until it was told to be low. */
  ahead: { sessionId: string; most: bigint; isTold: boolean }
  isBalanceTold: boolean
}

/** Of the most that was paid ahead in a session. */
const LOW_PART = 10n

/** What is so when the app starts is no event. */
export function toldAtStart(state: AppState): Told {
  return {
    before: state,
    served: new Set(state.share.sessions.map(({ sessionId }) => sessionId)),
    ahead: { sessionId: '', most: 0n, isTold: false },
    isBalanceTold: false,
  }
}

/** The notifications that a change of state is worth: one at most for one event, none for most changes. */
export function notifications(told: Told, now: AppState): { told: Told; notes: Note[] } {
  const { before } = told
  const bought = now.share.sessions.filter(({ sessionId }) => !told.served.has(sessionId))
  const ahead = paidAhead(told.ahead, now.connection)
  const balance = lowBalance(told.isBalanceTold, now)
  const notes = [
    connectionNote(before.connection, now.connection),
    ahead.note,
    balance.note,
    soldNote(bought.map(({ consumer }) => consumer)),
    clearing(now) !== undefined && clearing(now) !== clearing(before) ? t.notes.cleared : undefined,
  ]
  return {
    told: {
      before: now,
      served: bought.length > 0 ? new Set([...told.served, ...bought.map(({ sessionId }) => sessionId)]) : told.served,
      ahead: ahead.now,
      isBalanceTold: balance.isTold,
    },
    notes: notes.filter((note) => note !== undefined),
  }
}

function connectionNote(before: ConnectionState, now: ConnectionState): Note | undefined {
  if (before.name === now.name) return undefined
  switch (now.name) {
    case 'connected': {
      const lost = now.before?.lost
      // What was lost earlier was told then.
      if (before.name === 'reconnecting' && lost && lost.atMs >= before.sinceMs)
        return elsewhereNote(lost.proposal, now)
      const isProxy = now.proposal.serviceType === 'socks'
      const { title, body } =
        before.name === 'reconnecting' ? t.notes.reconnected : isProxy ? t.notes.connectedProxy : t.notes.connected
      return { title, body: body(exitOf(now)) }
    }
    case 'reconnecting': {
      const { title, body } = now.isBlocked ? t.notes.lostBlocked : t.notes.lost
      return { title, body: body(sentence(now.lost)) }
    }
    case 'blocked':
      // By lockdown it is so as long as nobody is connected, because somebody wants it so.
      return now.isLockdown && !isUp(before)
        ? undefined
        : { title: t.notes.blocked.title, body: t.notes.blocked.body(sentence(now.why)) }
    case 'disconnected':
      return isUp(before) && now.last
        ? { title: t.notes.ended.title, body: t.notes.ended.body(sentence(now.last.message)) }
        : undefined
    default:
      return undefined
  }
}

/** The person asked for the one that was lost. */
function elsewhereNote(lost: Proposal, now: Extract<ConnectionState, { name: 'connected' }>): Note {
  const { title, body, price } = t.notes.elsewhere
  const { pricePerUnit, unit } = now.proposal
  const isSame = pricePerUnit === lost.pricePerUnit && unit === lost.unit
  const from = plainText(lost.originLocation.country, 20)
  return {
    title,
    body: `${body(from, exitOf(now))}${isSame ? '' : ` ${price(figure(formatMyst(pricePerUnit)), unit)}`}`,
  }
}

/** There was a connection, and nobody has asked for its end. */
const isUp = ({ name }: ConnectionState) => name === 'connected' || name === 'reconnecting'

function paidAhead(ahead: Told['ahead'], connection: ConnectionState): { now: Told['ahead']; note?: Note } {
  if (connection.name !== 'connected') return { now: ahead }
  const { sessionId, leftover } = connection.live
  const same = ahead.sessionId === sessionId ? ahead : { sessionId, most: 0n, isTold: false }
  const most = leftover > same.most ? leftover : same.most
  const isLow = !same.isTold && leftover * LOW_PART < most
  return { now: { sessionId, most, isTold: same.isTold || isLow }, ...(isLow && { note: t.notes.leftover }) }
}

/** Low is less than what a provider is paid ahead at most. Told again only after there was enough. */
function lowBalance(isTold: boolean, { wallet, connection }: AppState): { isTold: boolean; note?: Note } {
  const left = wallet.balance > wallet.payable ? wallet.balance - wallet.payable : 0n
  if (left >= wallet.maxAtRisk) return { isTold: false }
  if (isTold || connection.name !== 'connected' || connection.proposal.pricePerUnit === 0n) return { isTold }
  const { title, body } = t.notes.balance
  return { isTold: true, note: { title, body: body(figure(formatMyst(left - (left % (MYST / 10_000n))))) } }
}

function soldNote(consumers: string[]): Note | undefined {
  const [first] = consumers
  if (first === undefined) return undefined
  if (consumers.length > 1) {
    return { title: t.notes.soldMany.title(consumers.length), body: t.notes.soldMany.body }
  }
  return { title: t.notes.sold.title, body: t.notes.sold.body(shortId(first)) }
}

/** The hash of the last clearing, while the last transaction was one that went well. */
const clearing = ({ wallet: { transaction } }: AppState) =>
  transaction?.what === 'clear' && transaction.state === 'done' ? (transaction.hash ?? '') : undefined

/** What the node says; a stranger may have had a word in it. */
const sentence = (text: string) => plainText(said(text), 160)
