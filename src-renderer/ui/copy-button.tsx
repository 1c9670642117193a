import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { m } from '../messages/index.ts'
import { Button, IconButton } from './button.tsx'

export function CopyButton({ text, label = m.app.copy }: { text: string; label?: string }) {
  const { copied, copy } = useCopy(text)
  return (
    <IconButton label={copied ? m.app.copied : label} onClick={copy}>
      <CopyIcon copied={copied} />
    </IconButton>
  )
}

/** The same in words, for a text that is shown above it. */
export function CopyTextButton({ text }: { text: string }) {
  const { copied, copy } = useCopy(text)
  return (
    <Button icon={<CopyIcon copied={copied} />} onClick={copy}>
      {copied ? m.app.copied : m.app.copy}
    </Button>
  )
}

function CopyIcon({ copied }: { copied: boolean }) {
  return copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />
}

function useCopy(text: string): { copied: boolean; copy(): void } {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = window.setTimeout(() => setCopied(false), 2000)
    return () => window.clearTimeout(timer)
  }, [copied])
  return {
    copied,
    copy: () =>
      void navigator.clipboard.writeText(text).then(
        () => setCopied(true),
        () => setCopied(false),
      ),
  }
}
