import { type FormEvent, useState } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../messages/index.ts'
import { Button } from './button.tsx'
import { FileField } from './file-field.tsx'
import { ErrorNotice } from './notice.tsx'
import { PassphraseField } from './passphrase-field.tsx'

/** In a dialog: a backup and the passphrase it was saved under. */
export function BackupForm(props: {
  submit: { label: string; busy: string; run(file: { keystore: string; passphrase: string }): void }
  running: boolean
  error: MystError | undefined
  onCancel(): void
}) {
  const { submit, running, error, onCancel } = props
  const [keystore, setKeystore] = useState<string>()
  const [passphrase, setPassphrase] = useState('')
  const go = (event: FormEvent) => {
    event.preventDefault()
    if (keystore && passphrase && !running) submit.run({ keystore, passphrase })
  }
  return (
    <form className="dialog-form" onSubmit={go}>
      <FileField label={m.setup.file} onText={setKeystore} />
      <PassphraseField label={m.setup.passphrase} value={passphrase} onChange={setPassphrase} />
      <ErrorNotice error={error} />
      <div className="dialog-actions">
        <Button onClick={onCancel}>{m.app.cancel}</Button>
        <Button type="submit" kind="primary" disabled={!keystore || !passphrase} busy={running && submit.busy}>
          {submit.label}
        </Button>
      </div>
    </form>
  )
}
