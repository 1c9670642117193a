import { type RefObject, useEffect, useRef } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'

/** Brings a new error into sight, wherever in the form it stands: the field it is about, or else the sentence itself. */
export function useShownError(error: MystError | undefined): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (!error) return
    const field = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    if (field) field.focus()
    else form.current?.querySelector('[role="alert"]')?.scrollIntoView({ block: 'nearest' })
  }, [error])
  return form
}
