import { type ComponentProps, type FormEvent, useEffect, useState } from 'react'
import type { Settings } from '#shared/contract/settings.ts'
import { m } from '../../messages/index.ts'
import { Button } from '../../ui/button.tsx'
import { errorSentence } from '../../ui/notice.tsx'
import { Setting, useSetting } from './setting.tsx'

/** A setting that is typed and then saved: what was typed stays, with what is wrong with it, until it is right. */
export function TypedSetting<Name extends 'resolver' | 'programsApiPort'>({
  name,
  label,
  text,
  read,
  write,
  bad,
  saved,
  disabled = false,
  input,
}: {
  name: Name
  label: string
  /** What it does, in a sentence; it may depend on what is about to be saved. */
  text: (wanted: Settings[Name] | undefined) => string
  /** Of a text without spaces around it; undefined: it is none. */
  read: (typed: string) => Settings[Name] | undefined
  write: (value: Settings[Name]) => string
  /** What to say of a text that is none. */
  bad: string
  /** What to say once it is saved. */
  saved?: string
  disabled?: boolean
  input?: Pick<ComponentProps<'input'>, 'className' | 'inputMode' | 'maxLength' | 'placeholder'>
}) {
  const { value, change, set } = useSetting(name)
  const kept = write(value)
  const [typed, setTyped] = useState(kept)
  const [told, setTold] = useState(false)
  const [done, setDone] = useState(false)
  // Changed at another door.
  useEffect(() => setTyped(kept), [kept])
  const wanted = read(typed.trim())
  const error = told && wanted === undefined ? bad : change.error && errorSentence(change.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTold(wanted === undefined)
    if (wanted === undefined || wanted === value || change.running) return
    void set(wanted).then((answer) => setDone(answer !== undefined))
  }
  return (
    <Setting name={name} label={label} text={text(wanted)}>
      {(described) => (
        <form className="setting-form" onSubmit={submit} noValidate>
          <div className="input" data-invalid={Boolean(error)}>
            <input
              {...input}
              aria-label={label}
              aria-describedby={error ? `${described}-error` : described}
              aria-invalid={error ? true : undefined}
              value={typed}
              spellCheck={false}
              autoComplete="off"
              disabled={disabled}
              onChange={(event) => {
                setTyped(event.target.value)
                setTold(false)
                setDone(false)
                change.reset()
              }}
            />
          </div>
          <Button type="submit" disabled={disabled || wanted === value} busy={change.running && m.settings.saving}>
            {m.settings.save}
          </Button>
          {done && saved && (
            <p className="field-hint" role="status">
              {saved}
            </p>
          )}
          {error && (
            <p id={`${described}-error`} className="field-error" role="alert">
              {error}
            </p>
          )}
        </form>
      )}
    </Setting>
  )
}
