import { formatCount, formatShare } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { useNode } from '../store/node-context.tsx'

/** The network in one quiet line; the banner says what is wrong, if anything is. */
export function NetworkLine() {
  const network = useNode((state) => state.network)
  const { chain, broker } = network
  const bad = chain === 'unreachable' || broker === 'unreachable'
  // Only a registered identity is let in by the broker; without one nothing is under way.
  const registered = useNode((state) => state.identity.unlocked && state.identity.registration === 'registered')
  const busy = chain !== 'online' || (registered && broker === 'connecting')
  return (
    <p className="network-line">
      <span className="dot" data-tone={bad ? 'red' : busy ? 'amber' : 'green'} aria-hidden />
      <span className="network-text">
        <span className="truncate network-name">{network.name}</span>
        <span className="truncate numbers faint">
          {chain === 'unreachable' && m.status.chainDown}
          {chain === 'connecting' && m.status.chainConnecting}
          {chain === 'syncing' &&
            m.status.syncingShort(
              formatShare(network.syncedBlock - network.startBlock, network.headBlock - network.startBlock),
            )}
          {chain === 'online' &&
            (broker === 'unreachable'
              ? m.status.brokerDown
              : busy
                ? m.status.brokerConnecting
                : m.status.chainOnline(formatCount(network.syncedBlock)))}
        </span>
      </span>
    </p>
  )
}
