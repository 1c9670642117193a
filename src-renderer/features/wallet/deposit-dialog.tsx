import { type FormEvent, useState } from 'react'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { useQuote } from '../../store/use-quote.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Fees } from '../../ui/fees.tsx'
import { ErrorNotice, errorSentence } from '../../ui/notice.tsx'
import { AmountField, readTyped } from './amount-field.tsx'
import { useShownError } from './use-shown-error.ts'

export function DepositDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title={m.wallet.depositTitle} text={m.wallet.depositText}>
      <Deposit onClose={onClose} />
    </Dialog>
  )
}

function Deposit({ onClose }: { onClose(): void }) {
  const most = useNode((state) => state.wallet.undeposited)
  const [text, setText] = useState('')
  const deposit = useCommand('wallet.deposit')
  const typed = readTyped(text, most)
  const amount = 'amount' in typed ? typed.amount : undefined
  const quote = useQuote({ what: 'deposit', amount: amount ?? most })
  const { error } = deposit
  const isAmount = error?.name === 'InsufficientFunds' || error?.name === 'InvalidAmount'
  const form = useShownError(error)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (amount !== undefined && !deposit.running && (await deposit.run({ amount }))) onClose()
  }
  return (
    <form ref={form} className="dialog-form" onSubmit={(event) => void submit(event)}>
      <AmountField
        text={text}
        most={most}
        refusal={isAmount ? errorSentence(error) : undefined}
        onChange={(next) => {
          setText(next)
          deposit.reset()
        }}
      />
      <Fees quote={quote} total={{ label: m.wallet.youReceive, amount }} />
      <ErrorNotice error={isAmount ? undefined : error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{m.app.cancel}</Button>
        <Button
          type="submit"
          kind="primary"
          disabled={amount === undefined}
          busy={deposit.running && m.wallet.depositing}
        >
          {m.wallet.deposit}
        </Button>
      </div>
    </form>
  )
}
