import { useCallback, useState } from 'react'
import { decode, encode } from '#shared/contract/wire.ts'

/** A choice of this page that survives a reload (filters, form values). Never a secret. */
export function useRemembered<Value>(
  key: string,
  fallback: Value,
  accept: (stored: unknown) => Value | undefined,
): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => accept(read(key)) ?? fallback)
  const remember = useCallback(
    (next: Value) => {
      setValue(next)
      try {
        localStorage.setItem(`myst.${key}`, encode(next))
      } catch {
        // Storage may be full or forbidden; the choice then lasts as long as the page.
      }
    },
    [key],
  )
  return [value, remember]
}

function read(key: string): unknown {
  try {
    const text = localStorage.getItem(`myst.${key}`)
    return text === null ? undefined : decode(text)
  } catch {
    return undefined
  }
}
