import { type Amount, formatMyst } from '#shared/model/units.ts'
import { formatAmount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { numberProblem, readAmount, typeNumber } from '../../messages/typed.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'

export type TypedAmount = { amount: Amount } | { error: string | undefined }

/** What was typed, against what there is. Nothing typed yet is no error, but no amount either. */
export function readTyped(text: string, most: Amount): TypedAmount {
  if (text.trim() === '') return { error: undefined }
  const amount = readAmount(text)
  if (amount === 0n || /^[-−]\d/.test(text)) return { error: m.wallet.amountZero }
  if (amount === undefined) return { error: numberProblem(text, m.wallet.amountBad) }
  return amount > most ? { error: m.wallet.amountTooMuch(formatAmount(most)) } : { amount }
}

export function AmountField({
  text,
  most,
  all = most,
  refusal,
  onChange,
}: {
  text: string
  most: Amount
  /** What the button fills in. */
  all?: Amount
  /** What the node said of it. */
  refusal?: string | undefined
  onChange(text: string): void
}) {
  const typed = readTyped(text, most)
  return (
    <Field
      label={m.wallet.amount}
      error={('error' in typed ? typed.error : undefined) ?? refusal}
      suffix={
        <Button kind="quiet" size="small" onClick={() => onChange(typeNumber(formatMyst(all)))}>
          {m.wallet.all}
        </Button>
      }
    >
      {(control) => (
        <input
          {...control}
          inputMode="decimal"
          value={text}
          maxLength={50}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      )}
    </Field>
  )
}
