import { useEffect, useState } from 'react'
import type { ClearResult } from '#shared/contract/answers.ts'
import { formatAmount, formatBps, formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { useNow } from '../../store/use-now.ts'
import { useQuery } from '../../store/use-query.ts'
import { useQuote } from '../../store/use-quote.ts'
import { Amount } from '../../ui/amount.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Fees } from '../../ui/fees.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'
import { EarningsByDay, MOST_DAYS } from './earnings-by-day.tsx'

/** So long the good news stands; what went wrong stays until it is tried again. */
const NEWS_MS = 15_000

/** Days begin where the person is. */
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Earned and promised, and clearing it with the fee shown before; nothing for who never shared. */
export function Earnings() {
  const earned = useNode((state) => state.share.earnedToday)
  const ahead = useNode((state) => state.share.heldAhead)
  const isOff = useNode((state) => state.share.state === 'off')
  const wallet = useNode((state) => state.wallet)
  const clear = useCommand('promises.clear')
  const [asking, setAsking] = useState(false)
  const [results, setResults] = useState<ClearResult[]>()
  const active = useNode((state) => state.identity.active)
  // What was cleared is there once the copy of the chain has it, a little after the promise is off the list.
  const copied = useNode((state) => state.share.riskRevision)
  const revision = `${active}/${earned}/${wallet.receivable}/${copied}/${new Date(useNow()).toDateString()}`
  const daily = useQuery('earnings.daily', { days: MOST_DAYS, timeZone: HERE }, revision)
  const today = daily.data?.at(-1)?.earned ?? earned

  const isGood = results !== undefined && !results.some(failed)
  useEffect(() => {
    if (!isGood) return
    const timer = window.setTimeout(() => setResults(undefined), NEWS_MS)
    return () => window.clearTimeout(timer)
  }, [isGood])

  const go = async (input: { acceptLess?: boolean }) => {
    setResults(undefined)
    const answer = await clear.run(input)
    if (!answer) return
    setResults(answer.ok)
    setAsking(false)
  }
  const isEmpty = daily.data?.every(({ earned, cleared }) => earned + cleared === 0n) ?? true
  if (isOff && isEmpty && earned + wallet.receivable === 0n) return null
  const isShort = results?.some(({ uncovered }) => uncovered)

  return (
    <>
      <section className="earnings">
        <div className="card card-pad">
          <p className="muted">{m.share.earnedToday}</p>
          <p className="figure">
            <Amount value={today} />
          </p>
        </div>
        <div className="card card-pad earnings-waiting">
          <div>
            <p className="muted" title={m.share.waitingHint}>
              {m.share.waiting}
            </p>
            <p className="figure">
              <Amount value={wallet.receivable} />
            </p>
          </div>
          <Button
            disabled={wallet.receivable === 0n}
            title={wallet.receivable === 0n ? m.share.nothingWaiting : undefined}
            busy={clear.running && m.share.clearing}
            onClick={() => {
              clear.reset()
              setAsking(true)
            }}
          >
            {m.share.clear}
          </Button>
        </div>
      </section>
      {ahead > 0n && <p className="faint earnings-note">{m.share.heldAhead(formatAmount(ahead))}</p>}
      {results && (
        <Notice
          tone={isGood ? 'green' : 'amber'}
          live
          action={
            isShort && (
              <Button
                size="small"
                title={m.share.acceptLessHint}
                busy={clear.running && m.share.clearing}
                onClick={() => void go({ acceptLess: true })}
              >
                {m.share.acceptLess}
              </Button>
            )
          }
        >
          {summary(results)}
        </Notice>
      )}
      <EarningsByDay query={daily} />
      <Dialog open={asking} onClose={() => setAsking(false)} title={m.share.clearTitle} text={m.share.clearText}>
        <ClearFees />
        <ErrorNotice error={clear.error} />
        <div className="dialog-actions">
          <Button onClick={() => setAsking(false)}>{m.app.cancel}</Button>
          <Button kind="primary" busy={clear.running && m.share.clearing} onClick={() => void go({})}>
            {m.share.clear}
          </Button>
        </div>
      </Dialog>
    </>
  )
}

/** In a component of its own: asked for only while the dialog is open. */
function ClearFees() {
  const wallet = useNode((state) => state.wallet)
  const quote = useQuote({ what: 'clear' })
  const total = quote.data && quote.data.amount - quote.data.fee
  return (
    <>
      <Fees
        quote={quote}
        feeLabel={m.share.clearFee(formatBps(wallet.networkFeeBps))}
        total={{ label: m.share.clearGet, amount: total }}
      >
        <div>
          <dt>{m.share.clearAmount}</dt>
          <dd>{formatAmount(quote.data?.amount ?? wallet.receivable)}</dd>
        </div>
      </Fees>
      <p className="faint">{m.share.clearWorth}</p>
    </>
  )
}

function failed(result: ClearResult): boolean {
  return result.message !== undefined
}

function summary(results: ClearResult[]): string {
  const done = results.filter((result) => !failed(result))
  const bad = results.filter(failed)
  const amount = formatAmount(done.reduce((sum, one) => sum + (one.cleared ?? one.amount) - one.fee, 0n))
  const reason = bad.find(({ message }) => message)?.message
  const sentence =
    done.length === 0
      ? m.share.clearedNothing
      : bad.length === 0
        ? m.share.cleared(amount)
        : m.share.clearedSome(amount, formatCount(bad.length))
  return reason ? `${sentence} ${said(reason)}` : sentence
}
