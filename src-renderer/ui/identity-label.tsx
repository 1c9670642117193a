import { shortId } from '../messages/format.ts'
import { Avatar } from './avatar.tsx'
import './identity-label.css'

export function IdentityLabel({ id, size = 18 }: { id: string; size?: number }) {
  return (
    <span className="identity-label" title={id}>
      <Avatar id={id} size={size} />
      <span className="mono">{shortId(id)}</span>
    </span>
  )
}
