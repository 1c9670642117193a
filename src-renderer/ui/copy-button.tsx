import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { m } from '../messages/index.ts'
import { IconButton } from './button.tsx'

export function CopyButton({ text, label = m.app.copy }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = window.setTimeout(() => setCopied(false), 2000)
    return () => window.clearTimeout(timer)
  }, [copied])
  return (
    <IconButton
      label={copied ? m.app.copied : label}
      onClick={() =>
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        )
      }
    >
      {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
    </IconButton>
  )
}
