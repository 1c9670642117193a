import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { m } from '../messages/index.ts'
import { IconButton } from './button.tsx'
import { Field } from './field.tsx'

export function PassphraseField({
  label,
  value,
  onChange,
  isNew,
  error,
  hint,
  autoFocus,
}: {
  label: string
  value: string
  onChange(value: string): void
  isNew?: boolean
  error?: string | undefined
  hint?: string | undefined
  autoFocus?: boolean
}) {
  const [shown, setShown] = useState(false)
  return (
    <Field
      label={label}
      error={error}
      hint={hint}
      suffix={
        <IconButton label={shown ? m.setup.hide : m.setup.show} aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? <EyeOff size={17} aria-hidden /> : <Eye size={17} aria-hidden />}
        </IconButton>
      }
    >
      {(control) => (
        <input
          {...control}
          type={shown ? 'text' : 'password'}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          autoComplete={isNew ? 'new-password' : 'current-password'}
          spellCheck={false}
          maxLength={1024}
          // biome-ignore lint/a11y/noAutofocus: the one field of a screen that was just opened for it.
          autoFocus={autoFocus}
        />
      )}
    </Field>
  )
}
