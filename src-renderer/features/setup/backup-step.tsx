import { Download } from 'lucide-react'
import { useState } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { KeystoreForm } from './keystore-form.tsx'

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
  const prove = useCommand('identity.proveBackup')
  return (
    <KeystoreForm
      title={m.setup.proveTitle}
      text={m.setup.proveText}
      submit={{ label: m.setup.prove, busy: m.setup.proving, run: (file) => void prove.run(file) }}
      running={prove.running}
      error={prove.error ?? saveError}
      other={{ label: m.setup.saveAgain, run: onSaveAgain }}
    />
  )
}
