import { type ReactNode, useId } from 'react'

/** A label, its control, and what is to say about it; the control gets the ids it needs. */
export function Field({
  label,
  hint,
  error,
  suffix,
  children,
}: {
  label: string
  hint?: string | undefined
  error?: string | undefined
  suffix?: ReactNode
  children(control: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': boolean | undefined
  }): ReactNode
}) {
  const id = useId()
  const note = `${id}-note`
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className="input" data-invalid={Boolean(error)}>
        {children({
          id,
          'aria-describedby': error || hint ? note : undefined,
          'aria-invalid': error ? true : undefined,
        })}
        {typeof suffix === 'string' ? <span className="input-suffix">{suffix}</span> : suffix}
      </div>
      {(error || hint) && (
        <span id={note} className={error ? 'field-error' : 'field-hint'}>
          {error ?? hint}
        </span>
      )}
    </div>
  )
}
