import { useState } from 'react'
import type { WalletState } from '#shared/contract/state.ts'
import { formatAmount, formatDateTime, shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { useQuote } from '../../store/use-quote.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Fees } from '../../ui/fees.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'

/** What is announced, when it is paid out, and the way to call it off. */
export function PendingWithdrawal({ withdrawal }: { withdrawal: NonNullable<WalletState['withdrawal']> }) {
  const [open, setOpen] = useState(false)
  const amount = formatAmount(withdrawal.amount)
  return (
    <Notice
      tone="accent"
      action={
        <Button size="small" onClick={() => setOpen(true)}>
          {m.wallet.callOff}
        </Button>
      }
    >
      {m.wallet.pendingWithdrawal(amount, shortId(withdrawal.to), formatDateTime(withdrawal.executableAtMs))}
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={m.wallet.callOffTitle}
        text={m.wallet.callOffText(amount)}
      >
        <CallOff onClose={() => setOpen(false)} />
      </Dialog>
    </Notice>
  )
}

function CallOff({ onClose }: { onClose(): void }) {
  const callOff = useCommand('wallet.callOff')
  const go = async () => {
    if (!callOff.running && (await callOff.run({}))) onClose()
  }
  return (
    <>
      <Fees quote={useQuote({ what: 'call-off' })} />
      <ErrorNotice error={callOff.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{m.wallet.keepWithdrawal}</Button>
        <Button kind="primary" busy={callOff.running && m.wallet.callingOff} onClick={() => void go()}>
          {m.wallet.callOff}
        </Button>
      </div>
    </>
  )
}
