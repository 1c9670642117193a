import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react'
import type { WalletState } from '#shared/contract/state.ts'
import { formatDateTime, shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
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
        <strong>{m.wallet.transactions[what]}</strong> {told(what, state, dueMs)}
        {message && <span className="muted transaction-message">{said(message)}</span>}
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

function told(
  what: keyof typeof m.wallet.transactions,
  state: keyof typeof m.wallet.transactionStates,
  dueMs?: number,
) {
  if (what === 'call-off') return m.wallet.callingOffStates[state]
  if (what !== 'withdraw' || state !== 'done') return m.wallet.transactionStates[state]
  return m.wallet.announced(dueMs === undefined ? undefined : formatDateTime(dueMs))
}
