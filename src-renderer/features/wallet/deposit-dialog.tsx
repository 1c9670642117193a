import { type FormEvent, useState } from 'react'
import { formatMyst } from '#shared/model/units.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { AmountField, readTyped } from './amount-field.tsx'

export function DepositDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title={m.wallet.depositTitle} text={m.wallet.depositText}>
      <Deposit onClose={onClose} />
    </Dialog>
  )
}

function Deposit({ onClose }: { onClose(): void }) {
  const most = useNode((state) => state.wallet.undeposited)
  const [text, setText] = useState(() => formatMyst(most))
  const deposit = useCommand('wallet.deposit')
  const typed = readTyped(text, most)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if ('amount' in typed && !deposit.running && (await deposit.run({ amount: typed.amount }))) onClose()
  }
  return (
    <form className="dialog-form" onSubmit={(event) => void submit(event)}>
      <AmountField text={text} most={most} onChange={setText} />
      <p className="faint">
        {m.wallet.withdrawGas}: {m.wallet.withdrawGasText}.
      </p>
      <ErrorNotice error={deposit.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{m.app.cancel}</Button>
        <Button
          type="submit"
          kind="primary"
          disabled={!('amount' in typed)}
          busy={deposit.running && m.wallet.depositing}
        >
          {m.wallet.deposit}
        </Button>
      </div>
    </form>
  )
}
