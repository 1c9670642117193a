import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../messages/index.ts'
import { Button } from './button.tsx'
import { errorSentence, Notice } from './notice.tsx'

/** What could not be read, why, and a button to try again; nothing while all is well. */
export function FailedQuery({ text, query }: { text: string; query: { error?: MystError; refresh(): void } }) {
  if (!query.error) return null
  return (
    <Notice
      tone="red"
      action={
        <Button size="small" onClick={query.refresh}>
          {m.app.tryAgain}
        </Button>
      }
    >
      {text} {errorSentence(query.error)}
    </Notice>
  )
}
