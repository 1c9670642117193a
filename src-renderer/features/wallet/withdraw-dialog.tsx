import { type FormEvent, useState } from 'react'
import { readAddress } from '#shared/model/address.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { useQuote } from '../../store/use-quote.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Fees } from '../../ui/fees.tsx'
import { Field } from '../../ui/field.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'
import { AmountField, readTyped } from './amount-field.tsx'

export function WithdrawDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title={m.wallet.withdrawTitle} text={m.wallet.withdrawText}>
      <Withdraw onClose={onClose} />
    </Dialog>
  )
}

function Withdraw({ onClose }: { onClose(): void }) {
  const most = useNode((state) => state.wallet.balance)
  const [text, setText] = useState('')
  const [to, setTo] = useState('')
  const withdraw = useCommand('wallet.withdraw')
  const typed = readTyped(text, most)
  const amount = 'amount' in typed ? typed.amount : undefined
  const quote = useQuote({ what: 'withdraw', amount: amount ?? most })
  const recipient = readAddress(to)
  const addressOk = 'address' in recipient
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (amount === undefined || !addressOk || withdraw.running) return
    if (await withdraw.run({ amount, to })) onClose()
  }
  return (
    <form className="dialog-form" onSubmit={(event) => void submit(event)}>
      <AmountField text={text} most={most} onChange={setText} />
      <Field
        label={m.wallet.to}
        error={to !== '' && 'problem' in recipient ? m.wallet.toBad[recipient.problem] : undefined}
      >
        {(control) => (
          <input
            {...control}
            className="mono"
            spellCheck={false}
            autoComplete="off"
            placeholder="0x…"
            value={to}
            maxLength={60}
            onChange={(event) => setTo(event.target.value.trim())}
          />
        )}
      </Field>
      <Fees quote={quote} total={{ label: m.wallet.youReceive, amount }} />
      <Notice>{m.wallet.notice}</Notice>
      <ErrorNotice error={withdraw.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{m.app.cancel}</Button>
        <Button
          type="submit"
          kind="primary"
          disabled={amount === undefined || !addressOk}
          busy={withdraw.running && m.wallet.withdrawing}
        >
          {m.wallet.withdraw}
        </Button>
      </div>
    </form>
  )
}
