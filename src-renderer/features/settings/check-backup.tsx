import { type FormEvent, useState } from 'react'
import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { FileField } from '../../ui/file-field.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'

/** Opens a backup once, with the passphrase it was saved under. */
export function CheckBackup({ onDone, onCancel }: { onDone(): void; onCancel(): void }) {
  const [keystore, setKeystore] = useState<string>()
  const [passphrase, setPassphrase] = useState('')
  const prove = useCommand('identity.proveBackup')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!keystore || !passphrase || prove.running) return
    if (await prove.run({ keystore, passphrase })) onDone()
  }
  return (
    <form className="dialog-form" onSubmit={(event) => void submit(event)}>
      <FileField label={m.setup.file} onText={setKeystore} />
      <PassphraseField label={m.setup.passphrase} value={passphrase} onChange={setPassphrase} />
      <ErrorNotice error={prove.error} />
      <div className="dialog-actions">
        <Button onClick={onCancel}>{m.app.cancel}</Button>
        <Button
          type="submit"
          kind="primary"
          disabled={!keystore || !passphrase}
          busy={prove.running && m.setup.proving}
        >
          {m.setup.prove}
        </Button>
      </div>
    </form>
  )
}
