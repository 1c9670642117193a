import type { AppState } from '#shared/contract/state.ts'
import { plainText } from '#shared/model/plain-text.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { said, t } from './texts.ts'

/** The app's state in one word and one line: what the tray shows (UI: "state at a glance by icon"). */
export type Glance = { kind: 'off' | 'busy' | 'proxy' | 'connected' | 'attention'; line: string }

export function glance({ connection, network }: AppState): Glance {
  switch (connection.name) {
    case 'connected':
      // Not the whole computer, so not what stands for that.
      if (connection.proposal.serviceType === 'socks')
        return { kind: 'proxy', line: t.glance.proxy(exitOf(connection)) }
      return { kind: 'connected', line: t.glance.connected(exitOf(connection)) }
    case 'connecting':
      return { kind: 'busy', line: t.glance.connecting }
    case 'reconnecting':
      return { kind: 'busy', line: connection.isBlocked ? t.glance.reconnectingBlocked : t.glance.reconnecting }
    case 'blocked':
      return { kind: 'attention', line: t.glance.blocked(short(said(connection.why))) }
    case 'disconnecting':
      return { kind: 'busy', line: t.glance.disconnecting }
    case 'disconnected':
      if (connection.last) return { kind: 'attention', line: t.glance.failed(short(said(connection.last.message))) }
      if (network.chain === 'unreachable') return { kind: 'attention', line: t.glance.noChain }
      return { kind: 'off', line: t.glance.off }
  }
}

/** Country and address from which traffic leaves, as far as they are known. */
export function exitOf({ live, proposal }: Extract<ConnectionState, { name: 'connected' }>): string {
  const where = [live.exit?.country ?? proposal.serviceLocation.country, live.exit?.address]
  return short(where.filter(Boolean).join(' · '))
}

/** What ends with the app, in words; undefined when nothing would. */
export function whatStops(state: AppState): string | undefined {
  const { share, programs } = state
  const end = connectionEnd(state)
  const stops = end === undefined ? [] : [end]
  if (programs.some(({ connection }) => connection.name !== 'disconnected')) stops.push(t.quit.programs)
  if (share.state !== 'off') {
    const count = share.sessions.length
    stops.push(count === 0 ? t.quit.sharing : count === 1 ? t.quit.session : t.quit.sessions(count))
  }
  return stops.length > 0 ? stops.join('\n') : undefined
}

function connectionEnd({ connection, settings }: AppState): string | undefined {
  if (connection.name === 'disconnected') return undefined
  if (connection.name === 'blocked') return settings.lockdown ? undefined : t.quit.blocked
  if (connection.proposal.serviceType === 'socks') return t.quit.proxy
  return settings.lockdown ? t.quit.lockdown : t.quit.tunnel
}

/** A menu is no place for more, and what a provider gave as its reason is a stranger's text. */
const short = (text: string): string => plainText(text, 80)

/** An identifier as people tell them apart. */
export const shortId = (id: string): string => plainText(`${id.slice(0, 6)}…${id.slice(-4)}`, 20)
