import type { AppState } from '#shared/contract/state.ts'
import { formatCount, formatShare } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { useLostAt, useNode } from '../store/node-context.tsx'

/** The network in one quiet line; the banner says what is wrong, if anything is. */
export function NetworkLine() {
  const network = useNode((state) => state.network)
  const { chain, broker } = network
  const isLost = useLostAt() !== undefined
  const bad = chain === 'unreachable' || broker === 'unreachable'
  // Only a registered identity is let in by the broker; without one nothing is under way.
  const registered = useNode((state) => state.identity.unlocked && state.identity.registration === 'registered')
  const busy = chain !== 'online' || (registered && broker === 'connecting')
  return (
    <p className="network-line">
      <span className="dot" data-tone={isLost ? undefined : bad ? 'red' : busy ? 'amber' : 'green'} aria-hidden />
      <span className="network-text">
        {network.name && <span className="truncate network-name">{network.name}</span>}
        <span className="truncate numbers faint">{isLost ? m.connection.unknown : words(network, busy)}</span>
      </span>
    </p>
  )
}

function words(network: AppState['network'], busy: boolean): string {
  const { name, chain, broker, startBlock, syncedBlock, headBlock } = network
  if (name === '') return m.status.noNetwork
  if (chain === 'unreachable') return m.status.chainDown
  if (chain === 'connecting') return m.status.chainConnecting
  if (chain === 'syncing') return m.status.syncingShort(formatShare(syncedBlock - startBlock, headBlock - startBlock))
  if (broker === 'unreachable') return m.status.brokerDown
  return busy ? m.status.brokerConnecting : m.status.chainOnline(formatCount(syncedBlock))
}
