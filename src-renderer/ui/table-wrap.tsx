import type { ReactNode } from 'react'

/** A table that may be wider than the window; the keyboard can scroll it, too. */
export function TableWrap({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of the arrow keys.
    <section className="table-wrap" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
