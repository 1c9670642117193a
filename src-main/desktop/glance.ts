import type { AppState } from '#shared/contract/state.ts'

/** The app's state in one word and one line: what the tray shows (UI: "state at a glance by icon"). */
export type Glance = { kind: 'off' | 'busy' | 'connected' | 'attention'; line: string }

export function glance({ connection, network }: AppState): Glance {
  switch (connection.name) {
    case 'connected': {
      const { address, country } = connection.live.exit ?? {}
      const where = [country ?? connection.proposal.serviceLocation.country, address].filter(Boolean).join(' · ')
      return { kind: 'connected', line: `Connected · ${where}` }
    }
    case 'connecting':
      return { kind: 'busy', line: 'Connecting…' }
    case 'reconnecting':
      return { kind: 'busy', line: connection.isBlocked ? 'Reconnecting… nothing is let out' : 'Reconnecting…' }
    case 'blocked':
      return { kind: 'attention', line: `Internet blocked · ${short(connection.why)}` }
    case 'disconnecting':
      return { kind: 'busy', line: 'Disconnecting…' }
    case 'disconnected':
      if (connection.last) return { kind: 'attention', line: `Not connected · ${short(connection.last.message)}` }
      if (network.chain === 'unreachable')
        return { kind: 'attention', line: 'Not connected · the chain does not answer' }
      return { kind: 'off', line: 'Not connected' }
  }
}

/** What ends with the app, in words; undefined when nothing would. */
export function whatStops(state: AppState): string | undefined {
  const { share } = state
  const end = connectionEnd(state)
  const stops = end === undefined ? [] : [end]
  if (share.state !== 'off') {
    const count = share.sessions.length
    const sessions = count === 0 ? '' : count === 1 ? ' One session ends.' : ` ${count} sessions end.`
    stops.push(`Sharing stops.${sessions}`)
  }
  return stops.length > 0 ? stops.join('\n') : undefined
}

function connectionEnd({ connection, settings }: AppState): string | undefined {
  if (connection.name === 'disconnected') return undefined
  if (connection.name === 'blocked') {
    return settings.lockdown ? undefined : 'Your internet is restored: your traffic takes your own address again.'
  }
  if (connection.proposal.serviceType === 'socks') {
    return 'Your connection ends: programs that use the proxy lose their way out.'
  }
  return settings.lockdown
    ? 'Your connection ends, and lockdown keeps your internet blocked.'
    : 'Your connection ends: your traffic takes your own address again.'
}

/** A menu is no place for more. */
function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
