import { useState } from 'react'
import type { ProgramView } from '#shared/contract/programs.ts'
import { m } from '../../../messages/index.ts'
import { useCommand } from '../../../store/use-command.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ErrorNotice } from '../../../ui/notice.tsx'

/** Asks first, and says what stops. */
export function Remove({ program: { id, name, socksPort, keyHint, connection } }: { program: ProgramView }) {
  const [asking, setAsking] = useState(false)
  const remove = useCommand('programs.remove')
  const close = () => setAsking(false)
  return (
    <>
      <Button size="small" kind="danger" aria-label={m.programs.removeOf(name)} onClick={() => setAsking(true)}>
        {m.programs.remove}
      </Button>
      <Dialog open={asking} onClose={close} title={m.programs.removeTitle(name)}>
        <ul className="program-stops">
          <li>{m.programs.removeProxy(`127.0.0.1:${socksPort}`)}</li>
          {connection.name !== 'disconnected' && <li>{m.programs.removeConnection}</li>}
          {keyHint !== undefined && <li>{m.programs.removeKey}</li>}
          <li>{m.programs.removeKept}</li>
        </ul>
        <ErrorNotice error={remove.error} />
        <div className="dialog-actions">
          <Button onClick={close}>{m.app.cancel}</Button>
          <Button
            kind="danger"
            busy={remove.running && m.programs.removing}
            onClick={async () => {
              if (await remove.run({ id })) close()
            }}
          >
            {m.programs.removeGo}
          </Button>
        </div>
      </Dialog>
    </>
  )
}
