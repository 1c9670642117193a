import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { BackupForm } from '../../ui/backup-form.tsx'

/** Opens a backup once, with the passphrase it was saved under. */
export function CheckBackup({ onDone, onCancel }: { onDone(): void; onCancel(): void }) {
  const prove = useCommand('identity.proveBackup')
  return (
    <BackupForm
      submit={{
        label: m.setup.prove,
        busy: m.setup.proving,
        run: (file) => void prove.run(file).then((answer) => answer && onDone()),
      }}
      running={prove.running}
      error={prove.error}
      onCancel={onCancel}
    />
  )
}
