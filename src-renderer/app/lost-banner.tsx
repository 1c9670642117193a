import { LoaderCircle } from 'lucide-react'
import { m } from '../messages/index.ts'

export function LostBanner() {
  return (
    <div className="lost-banner" role="status">
      <LoaderCircle className="spin" size={15} aria-hidden />
      {m.app.lost}
    </div>
  )
}
