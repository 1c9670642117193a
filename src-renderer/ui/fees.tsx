import type { ReactNode } from 'react'
import type { FeeQuote } from '#shared/contract/answers.ts'
import type { MystError } from '#shared/errors/myst-error.ts'
import { formatAmount, formatEther } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { said } from '../messages/said.ts'
import { errorSentence, Notice } from './notice.tsx'

/**
 * What an action costs, before anything is signed. The lines stand there from the start, so that nothing
 * jumps when the figures come; `children` are lines of the action's own, on top.
 */
export function Fees({
  quote,
  feeLabel,
  total,
  children,
}: {
  quote: { data?: FeeQuote; error?: MystError; loading: boolean }
  /** Of the fee in MYST; without it there is none to speak of. */
  feeLabel?: string
  /** What arrives in the end. */
  total?: { label: string; amount: bigint | undefined }
  children?: ReactNode
}) {
  const { data, error } = quote
  return (
    <>
      <dl className="facts" aria-busy={quote.loading}>
        {children}
        {feeLabel && (
          <div>
            <dt>{feeLabel}</dt>
            <dd>{data ? formatAmount(data.fee) : '–'}</dd>
          </div>
        )}
        <div>
          <dt>{m.fees.gas}</dt>
          <dd>{data ? m.fees.gasAbout(formatEther(data.gas), formatEther(data.maxGas)) : '–'}</dd>
        </div>
        <div>
          <dt>{m.fees.gasAvailable}</dt>
          <dd>{data ? formatEther(data.gasAvailable) : '–'}</dd>
        </div>
        {total && (
          <div>
            <dt>
              <strong>{total.label}</strong>
            </dt>
            <dd>
              <strong>{total.amount === undefined ? '–' : formatAmount(total.amount)}</strong>
            </dd>
          </div>
        )}
      </dl>
      {data?.problem && (
        <Notice tone="amber" live>
          {said(data.problem)}
        </Notice>
      )}
      {error && (
        <Notice tone="amber" live>
          {m.fees.unknown} {errorSentence(error)}
        </Notice>
      )}
    </>
  )
}
