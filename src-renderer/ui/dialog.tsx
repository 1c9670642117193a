import * as Radix from '@radix-ui/react-dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { m } from '../messages/index.ts'
import { IconButton } from './button.tsx'

/**
 * Focus goes in (to what has `data-first`, else to the first that takes it), stays in, and comes back to where it was; Escape closes, unless what is in it has to be answered. */
export function Dialog({
  open,
  onClose,
  title,
  text,
  children,
}: {
  open: boolean
  /** Absent: only what is in it closes it. */
  onClose?: (() => void) | undefined
  title: string
  text?: string | undefined
  children: ReactNode
}) {
  // Radix goes back to its own trigger element; here a dialog may be opened from anywhere.
  const opener = useRef<Element>(null)
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose?.()}>
      <Radix.Portal>
        <Radix.Overlay className="dialog-veil" />
        <Radix.Content
          className="dialog"
          {...(text ? {} : { 'aria-describedby': undefined })}
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement
            const first = (event.currentTarget as HTMLElement).querySelector<HTMLElement>('[data-first]')
            if (!first) return
            event.preventDefault()
            first.focus()
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            // What opened it may be gone with the state it belonged to: then to where the screen begins.
            const isThere = opener.current instanceof HTMLElement && opener.current.isConnected
            const next = isThere ? opener.current : document.getElementById('content')
            if (next instanceof HTMLElement) next.focus()
          }}
        >
          <Radix.Title className="dialog-title">{title}</Radix.Title>
          {text && <Radix.Description className="dialog-text">{text}</Radix.Description>}
          <div className="dialog-body">{children}</div>
          {onClose && (
            <Radix.Close asChild>
              <IconButton label={m.app.close} className="dialog-close">
                <X size={18} aria-hidden />
              </IconButton>
            </Radix.Close>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
