import { LoaderCircle } from 'lucide-react'
import { formatTime } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { useNodeParts } from '../store/node-context.tsx'

/** `sinceMs`: when the node was found not to answer. */
export function LostBanner({ sinceMs }: { sinceMs: number }) {
  return (
    <div className="lost-banner" role="status">
      <LoaderCircle className="spin" size={15} aria-hidden />
      <span>
        {m.app.lost} {m.app.lostSince(formatTime(sinceMs))} <LostHelp />
      </span>
    </div>
  )
}

/** A browser is let in anew by the node that comes after; a window of the app's own is opened by it. */
export function LostHelp() {
  const { bridge } = useNodeParts()
  return bridge.origin === undefined ? m.app.lostHelp : m.app.lostHelpBrowser
}
