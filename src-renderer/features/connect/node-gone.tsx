import { m } from '../../messages/index.ts'
import { Notice } from '../../ui/notice.tsx'

/** In the place of the session, of which nobody can say anything: what brings the node back. */
export function NodeGone() {
  return (
    <Notice>
      <strong>{m.connection.goneTitle}</strong>
      <p>{m.connection.goneHangs}</p>
      <p>{m.connection.goneEnded}</p>
      <p>{m.connection.gonePaid}</p>
    </Notice>
  )
}
