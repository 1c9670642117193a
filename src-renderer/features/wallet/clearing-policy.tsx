import { type FormEvent, useState } from 'react'
import { formatMyst } from '#shared/model/units.ts'
import { counted, formatAmount, formatDuration } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { numberProblem, readAmount, typeNumber } from '../../messages/typed.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { Switch } from '../../ui/switch.tsx'
import { useShownError } from './use-shown-error.ts'

const HOUR_MS = 3_600_000
const MOST_HOURS = 365 * 24

/** When promises of others are cleared without being asked: one sentence, and a form to change it. */
export function ClearingPolicyLine() {
  const policy = useNode((state) => state.wallet.clearingPolicy)
  const [open, setOpen] = useState(false)
  return (
    <div className="policy-line">
      <p className="faint">{sentence(policy)}</p>
      <Button kind="quiet" size="small" onClick={() => setOpen(true)}>
        {m.wallet.policyChange}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={m.wallet.policyTitle} text={m.wallet.policyText}>
        <Form onClose={() => setOpen(false)} />
      </Dialog>
    </div>
  )
}

type Policy = { atOnce: boolean; threshold: bigint; maxAgeMs: number }

function sentence({ atOnce, threshold, maxAgeMs }: Policy): string {
  if (atOnce) return m.wallet.policyAtOnce
  if (threshold > 0n && maxAgeMs > 0) return m.wallet.policyBoth(formatAmount(threshold), formatDuration(maxAgeMs))
  if (threshold > 0n) return m.wallet.policyThreshold(formatAmount(threshold))
  if (maxAgeMs > 0) return m.wallet.policyAge(formatDuration(maxAgeMs))
  return m.wallet.policyNever
}

function Form({ onClose }: { onClose(): void }) {
  const policy = useNode((state) => state.wallet.clearingPolicy)
  const [atOnce, setAtOnce] = useState(policy.atOnce)
  const [threshold, setThreshold] = useState(() => typeNumber(formatMyst(policy.threshold)))
  const [hours, setHours] = useState(String(Math.round(policy.maxAgeMs / HOUR_MS)))
  const save = useCommand('promises.setPolicy')
  const form = useShownError(save.error)
  const amount = readAmount(threshold)
  const age = /^\d{1,4}$/.test(hours) && Number(hours) <= MOST_HOURS ? Number(hours) : undefined
  const changed =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      set(value)
      save.reset()
    }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (amount === undefined || age === undefined || save.running) return
    if (await save.run({ atOnce, threshold: amount, maxAgeMs: age * HOUR_MS })) onClose()
  }
  return (
    <form ref={form} className="dialog-form" onSubmit={(event) => void submit(event)}>
      <div className="policy-switch">
        <span aria-hidden>{m.wallet.policyAtOnceLabel}</span>
        <Switch label={m.wallet.policyAtOnceLabel} checked={atOnce} onChange={changed(setAtOnce)} />
      </div>
      <Field
        label={m.wallet.policyThresholdLabel}
        hint={m.wallet.policyOff}
        error={amount === undefined ? numberProblem(threshold, m.wallet.amountBad) : undefined}
        suffix="MYST"
      >
        {(control) => (
          <input
            {...control}
            inputMode="decimal"
            value={threshold}
            maxLength={50}
            disabled={atOnce}
            onChange={(event) => changed(setThreshold)(event.target.value.trim())}
          />
        )}
      </Field>
      <Field
        label={m.wallet.policyAgeLabel}
        hint={m.wallet.policyOff}
        error={age === undefined ? m.wallet.policyAgeBad : undefined}
        suffix={m.wallet.policyHours(counted(age ?? 0))}
      >
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            value={hours}
            maxLength={5}
            disabled={atOnce}
            onChange={(event) => changed(setHours)(event.target.value.trim())}
          />
        )}
      </Field>
      <p className="faint">{m.wallet.policyRisk}</p>
      <ErrorNotice error={save.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{m.app.cancel}</Button>
        <Button
          type="submit"
          kind="primary"
          disabled={amount === undefined || age === undefined}
          busy={save.running && m.wallet.policySaving}
        >
          {m.wallet.policySave}
        </Button>
      </div>
    </form>
  )
}
