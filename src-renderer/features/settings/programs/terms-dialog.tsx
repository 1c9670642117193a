import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { ProgramView } from '#shared/contract/programs.ts'
import { formatAmount } from '../../../messages/format.ts'
import { m } from '../../../messages/index.ts'
import { readAmount } from '../../../messages/typed.ts'
import { available } from '../../../store/available.ts'
import { useNode } from '../../../store/node-context.tsx'
import { useCommand } from '../../../store/use-command.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Field } from '../../../ui/field.tsx'
import { ErrorNotice, errorSentence } from '../../../ui/notice.tsx'
import { CountrySelect, UnitSelect } from '../../../ui/terms-selects.tsx'
import { checkTerms, formOf, MOST_NAME, NEW_PROGRAM, type TermsErrors } from './terms.ts'

/** Adds a program, or changes the one that is given. */
export function TermsDialog({
  open,
  program,
  onClose,
}: {
  open: boolean
  program?: ProgramView | undefined
  onClose(): void
}) {
  const { addTitle, addText, changeTitle, changeText } = m.programs
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={program ? changeTitle(program.name) : addTitle}
      text={program ? changeText : addText}
    >
      <Terms program={program} onDone={onClose} />
    </Dialog>
  )
}

function Terms({ program, onDone }: { program: ProgramView | undefined; onDone(): void }) {
  const [form, setForm] = useState(() => (program ? formOf(program) : NEW_PROGRAM))
  const wallet = useNode((state) => state.wallet)
  const isKnown = useNode((state) => state.identity.unlocked)
  const [tries, setTries] = useState(0)
  const add = useCommand('programs.add')
  const change = useCommand('programs.change')
  const { running, error } = program ? change : add
  const checked = checkTerms(form)
  const isMore = isKnown && (readAmount(form.budget) ?? 0n) > available(wallet)
  const portTaken = error?.name === 'SocksPortTaken' && errorSentence(error)
  const faults: TermsErrors = checked.ok || tries === 0 ? {} : checked.errors
  const errors = portTaken ? { port: portTaken } : faults
  const element = useRef<HTMLFormElement>(null)
  // To the first field that has to be put right.
  useEffect(() => {
    if (tries > 0) element.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [tries])
  const set = (part: Partial<typeof form>) => {
    setForm({ ...form, ...part })
    add.reset()
    change.reset()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (running) return
    const input = checked.ok ? checked.input : undefined
    const done = input && (await (program ? change.run({ ...input, id: program.id }) : add.run(input)))
    if (done) onDone()
    else setTries(tries + 1)
  }
  return (
    <form ref={element} className="dialog-form" onSubmit={(event) => void submit(event)}>
      <Field label={m.programs.name} error={errors.name} hint={m.programs.nameHint}>
        {(control) => (
          <input
            {...control}
            autoComplete="off"
            value={form.name}
            maxLength={MOST_NAME}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field
        label={m.programs.budget}
        error={errors.budget}
        hint={isMore ? m.programs.budgetMore(formatAmount(available(wallet))) : m.programs.budgetHint}
      >
        {(control) => (
          <input
            {...control}
            inputMode="decimal"
            autoComplete="off"
            value={form.budget}
            maxLength={50}
            onChange={(event) => set({ budget: event.target.value.trim() })}
          />
        )}
      </Field>
      <Field label={m.programs.country}>
        {(control) => (
          <CountrySelect
            control={control}
            none={m.connect.anyCountry}
            value={form.country}
            onChange={(country) => set({ country })}
          />
        )}
      </Field>
      <div className="program-price">
        <Field label={m.programs.maxPrice} error={errors.maxPrice} hint={m.programs.maxPriceHint}>
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              autoComplete="off"
              value={form.maxPrice}
              maxLength={50}
              onChange={(event) => set({ maxPrice: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field label={m.programs.unit}>
          {(control) => <UnitSelect control={control} value={form.unit} onChange={(unit) => set({ unit })} />}
        </Field>
      </div>
      {form.port !== undefined && (
        <Field label={m.programs.port} error={errors.port} hint={m.programs.portHint}>
          {(control) => (
            <input
              {...control}
              inputMode="numeric"
              autoComplete="off"
              value={form.port}
              maxLength={5}
              onChange={(event) => set({ port: event.target.value.trim() })}
            />
          )}
        </Field>
      )}
      {!portTaken && <ErrorNotice error={error} />}
      <div className="dialog-actions">
        <Button onClick={onDone}>{m.app.cancel}</Button>
        <Button type="submit" kind="primary" busy={running && (program ? m.programs.saving : m.programs.adding)}>
          {program ? m.settings.save : m.programs.addGo}
        </Button>
      </div>
    </form>
  )
}
