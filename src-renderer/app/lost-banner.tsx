import { LoaderCircle } from 'lucide-react'
import { formatTime } from '../messages/format.ts'
import { m } from '../messages/index.ts'

/** `sinceMs`: when the node was found not to answer. */
export function LostBanner({ sinceMs }: { sinceMs: number }) {
  return (
    <div className="lost-banner" role="status">
      <LoaderCircle className="spin" size={15} aria-hidden />
      <span>
        {m.app.lost} {m.app.lostSince(formatTime(sinceMs))} {m.app.lostHelp}
      </span>
    </div>
  )
}
