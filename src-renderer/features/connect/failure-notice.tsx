import { X } from 'lucide-react'
import { useState } from 'react'
import type { ConnectionFailure } from '#shared/model/session.ts'
import { costSentence } from '../../messages/cost-sentence.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Target } from './target.ts'

/** What happened in one sentence, what it cost, and the way on. */
export function FailureNotice({
  failure,
  next,
  filtered,
  onNext,
}: {
  failure: ConnectionFailure
  next: Target | undefined
  /** The person's filters hide offers. */
  filtered: boolean
  onNext(target: Target): void
}) {
  const [dismissed, setDismissed] = useState(false)
  if (dismissed) return null
  const dismiss = (
    <IconButton label={m.failure.dismiss} onClick={() => setDismissed(true)}>
      <X size={16} aria-hidden />
    </IconButton>
  )
  // What the person did herself is no alarm.
  if (failure.end === 'consumer-closed') {
    return (
      <div className="failure">
        <Notice live action={dismiss}>
          {failure.step ? m.failure.cancelled : m.failure.disconnected} {costSentence(failure)}
        </Notice>
      </div>
    )
  }
  return (
    <div className="failure">
      <Notice tone="red" action={dismiss}>
        <strong>{failure.step ? m.failure.title : m.failure.endedTitle}</strong>
        <p>
          {said(failure.message)} {failure.step && m.failure.at(m.steps.names[failure.step])}
        </p>
        <p className="failure-cost">{costSentence(failure)}</p>
        {next ? (
          <Button size="small" onClick={() => onNext(next)}>
            {m.failure.next}
          </Button>
        ) : (
          <p>{filtered ? m.failure.noNextFiltered : m.failure.noNext}</p>
        )}
      </Notice>
    </div>
  )
}
