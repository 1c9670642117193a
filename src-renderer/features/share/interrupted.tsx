import { formatPrice } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'

/** Sharing was on when the app ended: an owner of a server shall not find it off without a word. */
export function Interrupted({ may }: { may: boolean }) {
  const { interrupted: terms, state } = useNode(({ share }) => share)
  const problem = useNode(({ settings }) => settings.problems.shareOnStart)
  const start = useCommand('share.start')
  const stop = useCommand('share.stop')
  if (!terms || state !== 'off') return null
  const services = terms.services.map((type) => m.service[type]).join(', ')
  const busy = start.running || stop.running
  return (
    <>
      <Notice
        tone="amber"
        live
        action={
          <span className="notice-actions">
            {may && (
              <Button size="small" kind="primary" disabled={busy} onClick={() => void start.run(terms)}>
                {m.share.shareAgain}
              </Button>
            )}
            <Button size="small" disabled={busy} onClick={() => void stop.run({})}>
              {m.share.leaveOff}
            </Button>
          </span>
        }
      >
        {m.share.interrupted(`${services}, ${formatPrice(terms.pricePerUnit, terms.unit)}`)} {problem && said(problem)}
      </Notice>
      <ErrorNotice error={start.error ?? stop.error} />
    </>
  )
}
