import { CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../messages/index.ts'
import { said } from '../messages/said.ts'

type Tone = 'neutral' | 'accent' | 'green' | 'amber' | 'red'

export function Notice({
  tone = 'neutral',
  live,
  action,
  children,
}: {
  tone?: Tone
  /** Read out when it appears; one that is red always is. */
  live?: boolean
  action?: ReactNode
  children: ReactNode
}) {
  const Icon = tone === 'green' ? CircleCheck : tone === 'amber' || tone === 'red' ? TriangleAlert : Info
  return (
    <div className={`notice notice-${tone}`} role={tone === 'red' ? 'alert' : live ? 'status' : undefined}>
      <Icon size={17} aria-hidden />
      <div className="notice-body">{children}</div>
      {action}
    </div>
  )
}

/** A failure as one sentence. What is not meant for people stays out of sight. */
export function ErrorNotice({ error }: { error: MystError | undefined }) {
  return error ? <Notice tone="red">{errorSentence(error)}</Notice> : null
}

export function errorSentence(error: MystError): string {
  return error.name === 'InternalError' ? m.app.unexpected : said(error.message)
}
