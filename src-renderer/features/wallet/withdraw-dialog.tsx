import { type FormEvent, useState } from 'react'
import { formatAmount, formatCost, formatDateTime, formatDuration } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { unpromised } from '../../store/available.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { useNow } from '../../store/use-now.ts'
import { useQuery } from '../../store/use-query.ts'
import { useQuote } from '../../store/use-quote.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Fees } from '../../ui/fees.tsx'
import { Field } from '../../ui/field.tsx'
import { ErrorNotice, errorSentence, Notice } from '../../ui/notice.tsx'
import { AmountField, readTyped } from './amount-field.tsx'
import { readRecipient } from './recipient.ts'
import { useShownError } from './use-shown-error.ts'

/** Which field an error of the node is about. */
const FIELDS: Readonly<Record<string, 'amount' | 'to'>> = {
  InsufficientFunds: 'amount',
  InvalidAmount: 'amount',
  InvalidRecipient: 'to',
}

export function WithdrawDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog open={open} onClose={onClose} title={m.wallet.withdrawTitle} text={m.wallet.withdrawText}>
      <Withdraw onClose={onClose} />
    </Dialog>
  )
}

function Withdraw({ onClose }: { onClose(): void }) {
  const wallet = useNode((state) => state.wallet)
  const most = wallet.balance
  const free = unpromised(wallet)
  const [text, setText] = useState('')
  const [to, setTo] = useState('')
  const withdraw = useCommand('wallet.withdraw')
  const typed = readTyped(text, most)
  const amount = 'amount' in typed ? typed.amount : undefined
  const quote = useQuote({ what: 'withdraw', amount: amount ?? most })
  const isBeyond = amount !== undefined && amount > free
  const { noticeMs } = quote.data ?? {}
  const now = useNow()
  const identities = useNode((state) => state.identity.all)
  const network = useQuery('network.file', {}, 0)
  const recipient = readRecipient(to, {
    own: identities.map(({ id }) => id),
    contracts: Object.values(network.data?.contracts ?? {}),
  })
  const addressOk = 'address' in recipient
  const { error } = withdraw
  const field = error && FIELDS[error.name]
  const refusal = error && errorSentence(error)
  const toProblem = to !== '' && 'problem' in recipient ? m.wallet.toBad[recipient.problem] : undefined
  const form = useShownError(error)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (amount === undefined || !addressOk || withdraw.running) return
    if (await withdraw.run({ amount, to })) onClose()
  }
  return (
    <form ref={form} className="dialog-form" onSubmit={(event) => void submit(event)}>
      <AmountField
        text={text}
        most={most}
        all={free > 0n ? free : most}
        refusal={field === 'amount' ? refusal : undefined}
        onChange={(next) => {
          setText(next)
          withdraw.reset()
        }}
      />
      <Field label={m.wallet.to} error={toProblem ?? (field === 'to' ? refusal : undefined)}>
        {(control) => (
          <input
            {...control}
            className="mono"
            spellCheck={false}
            autoComplete="off"
            placeholder="0x…"
            value={to}
            maxLength={60}
            onChange={(event) => {
              setTo(event.target.value.trim())
              withdraw.reset()
            }}
          />
        )}
      </Field>
      <Fees
        quote={quote}
        total={{
          label: isBeyond ? m.wallet.youReceiveAtLeast : m.wallet.youReceive,
          amount: isBeyond ? free : amount,
        }}
      >
        {wallet.payable > 0n && (
          <div>
            <dt>{m.wallet.collectedFirst}</dt>
            <dd>{formatCost(wallet.payable)}</dd>
          </div>
        )}
        <div>
          <dt>{m.wallet.paidOut}</dt>
          <dd>
            {noticeMs === undefined
              ? '–'
              : m.wallet.paidOutAt(formatDateTime(now + noticeMs), formatDuration(noticeMs))}
          </dd>
        </div>
      </Fees>
      <Notice>{m.wallet.notice}</Notice>
      {wallet.withdrawal && (
        <Notice tone="amber">
          {m.wallet.replaces(formatAmount(wallet.withdrawal.amount), formatDateTime(wallet.withdrawal.executableAtMs))}
        </Notice>
      )}
      <ErrorNotice error={field ? undefined : error} />
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
