import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react'
import type { WalletState } from '#shared/contract/state.ts'
import { shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { CopyButton } from '../../ui/copy-button.tsx'

export function Transaction({ transaction }: { transaction: NonNullable<WalletState['transaction']> }) {
  const { what, state, hash, message } = transaction
  return (
    <div className="card transaction" data-state={state} role="status">
      {(state === 'pending' || state === 'replaced') && <LoaderCircle className="spin" size={18} aria-hidden />}
      {state === 'done' && <CircleCheck size={18} aria-hidden />}
      {state === 'failed' && <CircleX size={18} aria-hidden />}
      <p>
        <strong>{m.wallet.transactions[what]}</strong> {m.wallet.transactionStates[state]}
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
