import { LoaderCircle, TriangleAlert } from 'lucide-react'
import { formatCount, formatShare, shareOf } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { said } from '../messages/said.ts'
import { useNode } from '../store/node-context.tsx'

/** One sentence above everything, only while something is not as it should be. */
export function StatusLine() {
  const network = useNode((state) => state.network)
  const { chain, broker, startBlock, syncedBlock, headBlock } = network
  if (chain === 'unreachable' || broker === 'unreachable') {
    const sentence = chain === 'unreachable' ? m.status.chainUnreachable : m.status.brokerUnreachable
    return (
      <div className="status-line" data-tone="red" role="status">
        <TriangleAlert size={16} aria-hidden />
        <span>{network.message ? said(network.message) : sentence}</span>
      </div>
    )
  }
  if (chain === 'syncing') {
    const [done, all] = [syncedBlock - startBlock, headBlock - startBlock]
    return (
      <div className="status-line" data-tone="amber">
        <LoaderCircle className="spin" size={15} aria-hidden />
        <span className="numbers">
          {m.status.syncing(formatCount(syncedBlock), formatCount(headBlock), formatShare(done, all))}
          <span className="status-hint"> {m.status.syncingHint}</span>
        </span>
        <div
          className="progress status-progress"
          role="progressbar"
          aria-label={m.status.syncingHint}
          aria-valuemin={startBlock}
          aria-valuemax={headBlock}
          aria-valuenow={Math.max(startBlock, syncedBlock)}
        >
          <div style={{ width: `${shareOf(done, all) * 100}%` }} />
        </div>
      </div>
    )
  }
  return null
}
