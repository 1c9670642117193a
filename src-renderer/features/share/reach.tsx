import type { Reach as Found, ShareState } from '#shared/contract/state.ts'
import { formatDateTime, formatList } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'

const TONES = { public: 'green', 'behind-router': 'amber', unknown: 'neutral' } as const

/** Whether others can reach this computer, and what to do when they cannot. */
export function Reach() {
  const share = useNode((state) => state.share)
  const check = useCommand('share.checkReach')
  const { reach } = share
  return (
    <section className="section">
      <h2>{m.provider.reach}</h2>
      <div className="card reach">
        <div aria-live="polite">
          {reach ? (
            <>
              <span className={`tag tag-${TONES[reach.verdict]}`}>{m.provider.reaches[reach.verdict]}</span>
              <p>{sentence(reach, share)}</p>
              {hasMoved(share) && <p className="client-warning">{m.provider.reachMoved}</p>}
              <p className="faint reach-when">
                {(isCompared(reach) ? m.provider.reachAt : m.provider.reachTried)(formatDateTime(reach.atMs))}
              </p>
            </>
          ) : (
            <p className="muted">{m.provider.reachNever}</p>
          )}
          <ErrorNotice error={check.error} />
        </div>
        <Button size="small" busy={check.running && m.provider.reachChecking} onClick={() => void check.run({})}>
          {m.provider.reachCheck}
        </Button>
      </div>
    </section>
  )
}

/** Nothing is compared where nobody told how others see this computer. */
const isCompared = ({ verdict, why }: Found) => verdict !== 'unknown' || why === 'other-family'

function sentence({ verdict, why, own, seen = '' }: Found, { services }: ShareState): string {
  if (verdict === 'public') return m.provider.reachPublic(seen)
  if (verdict === 'unknown') return m.provider.reachUnknown[why ?? 'no-answer']
  const ports = services.flatMap(({ port }) => (port ? `${port.protocol.toUpperCase()} ${port.number}` : []))
  return ports.length > 0 ? m.provider.reachForward(seen, formatList(ports), own) : m.provider.reachRouter(seen, own)
}

/** Consumers are told the address of when sharing began. */
function hasMoved({ reach, address }: ShareState): boolean {
  if (!reach || address === undefined || reach.verdict === 'unknown') return false
  return address !== (reach.verdict === 'behind-router' ? reach.seen : reach.own)
}
