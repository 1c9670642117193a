import { Download } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { FileField } from '../../ui/file-field.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'
import { saveFile } from '../../ui/save-file.ts'

export function BackupStep() {
  const active = useNode((state) => state.identity.active)
  const [saved, setSaved] = useState(false)
  const exported = useCommand('identity.export')

  const save = async () => {
    if (!active) return
    const answer = await exported.run({ id: active })
    if (!answer) return
    saveFile(answer.ok.fileName, answer.ok.keystore)
    setSaved(true)
  }

  if (saved) return <ProveBackup onSaveAgain={save} saveError={exported.error} />
  return (
    <section className="setup-step">
      <h1>{m.setup.backupTitle}</h1>
      <p className="muted">{m.setup.backupText}</p>
      {active && (
        <p className="setup-identity">
          <IdentityLabel id={active} size={24} />
        </p>
      )}
      <ErrorNotice error={exported.error} />
      <Button
        kind="primary"
        size="large"
        wide
        icon={<Download size={18} aria-hidden />}
        onClick={() => void save()}
        disabled={exported.running}
      >
        {m.setup.saveBackup}
      </Button>
      <Button kind="quiet" wide onClick={() => setSaved(true)}>
        {m.setup.savedAlready}
      </Button>
    </section>
  )
}

function ProveBackup({ onSaveAgain, saveError }: { onSaveAgain(): void; saveError: MystError | undefined }) {
  const [keystore, setKeystore] = useState<string>()
  const [passphrase, setPassphrase] = useState('')
  const prove = useCommand('identity.proveBackup')

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (keystore && passphrase && !prove.running) void prove.run({ keystore, passphrase })
  }

  return (
    <form className="setup-step" onSubmit={submit}>
      <h1>{m.setup.proveTitle}</h1>
      <p className="muted">{m.setup.proveText}</p>
      <div className="setup-fields">
        <FileField label={m.setup.file} onText={setKeystore} />
        <PassphraseField label={m.setup.passphrase} value={passphrase} onChange={setPassphrase} />
      </div>
      <ErrorNotice error={prove.error ?? saveError} />
      <Button
        type="submit"
        kind="primary"
        size="large"
        wide
        disabled={!keystore || !passphrase}
        busy={prove.running && m.setup.proving}
      >
        {m.setup.prove}
      </Button>
      <Button kind="quiet" wide onClick={onSaveAgain} disabled={prove.running}>
        {m.setup.saveAgain}
      </Button>
    </form>
  )
}
