import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useRef } from 'react'
import type { ProposalView } from '#shared/contract/answers.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { ProposalRow } from './proposal-row.tsx'
import { proposalKey, whyNot } from './target.ts'
import { useMeans } from './use-means.ts'

/** Every row is as high as this, so that thousands scroll without measuring. */
const ROW_HEIGHT = 78

/** Only the rows in sight exist. Arrow keys go from row to row, Tab through a row's buttons. */
export function ProposalList({
  proposals,
  onConnect,
}: {
  proposals: readonly ProposalView[]
  onConnect(proposal: ProposalView): void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const headBlock = useNode((state) => state.network.headBlock)
  const means = useMeans()
  const { run: runPrefer } = useCommand('proposals.prefer')
  const prefer = useCallback(
    ({ provider }: ProposalView, preferred: boolean) => void runPrefer({ provider, preferred }),
    [runPrefer],
  )
  const rows = useVirtualizer({
    count: proposals.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => {
      const proposal = proposals[index]
      return proposal ? proposalKey(proposal) : index
    },
    overscan: 6,
  })

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]')
    if (step === 0 || !row) return
    event.preventDefault()
    const next = Number(row.dataset.index) + step
    if (next < 0 || next >= proposals.length) return
    rows.scrollToIndex(next)
    // The row may have come into being just now.
    requestAnimationFrame(() => {
      const target = scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] .row-connect`)
      target?.focus({ preventScroll: true })
    })
  }

  return (
    <div ref={scroller} className="offers-scroll">
      <ul
        className="offers-list"
        aria-label={m.connect.offers}
        style={{ height: rows.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {rows.getVirtualItems().map((item) => {
          const proposal = proposals[item.index]
          if (!proposal) return null
          return (
            <li
              key={item.key}
              data-index={item.index}
              aria-setsize={proposals.length}
              aria-posinset={item.index + 1}
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
            >
              <ProposalRow
                proposal={proposal}
                headBlock={headBlock}
                why={whyNot(proposal, means)}
                isInUse={proposalKey(proposal) === means.inUse}
                onConnect={onConnect}
                onPrefer={prefer}
              />
            </li>
          )
        })}
      </ul>
    </div>
  )
}
