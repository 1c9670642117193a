import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react'
import type { WalletState } from '#shared/contract/state.ts'
import { formatDateTime, shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { CopyButton } from '../../ui/copy-button.tsx'

/** `dueMs`: when an announced withdrawal is paid out. */
export function Transaction({
  transaction,
  dueMs,
}: {
  transaction: NonNullable<WalletState['transaction']>
  dueMs: number | undefined
}) {
  const { what, state, hash, message } = transaction
  return (
    <div className="card transaction" data-state={state} role="status">
      {(state === 'pending' || state === 'replaced') && <LoaderCircle className="spin" size={18} aria-hidden />}
      {state === 'done' && <CircleCheck size={18} aria-hidden />}
      {state === 'failed' && <CircleX size={18} aria-hidden />}
      <p>
        <strong>{m.wallet.transactions[what]}</strong>{' '}
        {what === 'withdraw' && state === 'done'
          ? m.wallet.announced(dueMs === undefined ? undefined : formatDateTime(dueMs))
          : m.wallet.transactionStates[state]}
        {message && <span className="muted transaction-message">{message}</span>}
      </p>
      {hash && (
        <span className="transaction-hash faint">
          <span className="mono" title={hash}>
            {shortId(hash)}
          </span>
          <CopyButton text={hash} label={m.wallet.copyTransaction} />
        </span>
      )}
    </div>
  )
}
