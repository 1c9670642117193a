import { useState } from 'react'
import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { BackupForm } from '../../ui/backup-form.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'

/** There is no reset; a backup under a passphrase that is known is the only way. */
export function Forgotten() {
  const [open, setOpen] = useState(false)
  const restore = useCommand('identity.restore')
  const close = () => {
    setOpen(false)
    restore.reset()
  }
  return (
    <>
      <Button kind="quiet" wide onClick={() => setOpen(true)}>
        {m.unlock.forgotten}
      </Button>
      <Dialog open={open} onClose={close} title={m.unlock.forgottenTitle} text={m.unlock.forgottenText}>
        <p className="muted">{m.unlock.forgottenNone}</p>
        <BackupForm
          submit={{ label: m.unlock.restore, busy: m.unlock.restoring, run: (file) => void restore.run(file) }}
          running={restore.running}
          error={restore.error}
          onCancel={close}
        />
      </Dialog>
    </>
  )
}
