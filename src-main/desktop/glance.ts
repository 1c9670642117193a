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
export function whatStops({ connection, share }: AppState): string | undefined {
  const stops: string[] = []
  if (connection.name === 'blocked') stops.push('Your internet is restored: your traffic takes your own address again.')
  else if (connection.name !== 'disconnected') {
    stops.push(
      connection.proposal.serviceType === 'socks'
        ? 'Your connection ends: programs that use the proxy lose their way out.'
        : 'Your connection ends: your traffic takes your own address again.',
    )
  }
  if (share.state !== 'off') {
    const count = share.sessions.length
    const sessions = count === 0 ? '' : count === 1 ? ' One session ends.' : ` ${count} sessions end.`
    stops.push(`Sharing stops.${sessions}`)
  }
  return stops.length > 0 ? stops.join('\n') : undefined
}

/** A menu is no place for more. */
function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
