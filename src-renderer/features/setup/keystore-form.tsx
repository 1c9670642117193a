import { type FormEvent, type ReactNode, useState } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../../messages/index.ts'
import { Button } from '../../ui/button.tsx'
import { FileField } from '../../ui/file-field.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'

/** A keystore file and its passphrase, and another way on below. */
export function KeystoreForm({
  title,
  text,
  submit,
  running,
  error,
  other,
  children,
}: {
  title: string
  text: string
  submit: { label: string; busy: string; run(file: { keystore: string; passphrase: string }): void }
  running: boolean
  error: MystError | undefined
  other: { label: string; run(): void }
  children?: ReactNode
}) {
  const [keystore, setKeystore] = useState<string>()
  const [passphrase, setPassphrase] = useState('')
  const go = (event: FormEvent) => {
    event.preventDefault()
    if (keystore && passphrase && !running) submit.run({ keystore, passphrase })
  }
  return (
    <form className="setup-step" onSubmit={go}>
      <h1>{title}</h1>
      <p className="muted">{text}</p>
      <div className="setup-fields">
        <FileField label={m.setup.file} onText={setKeystore} />
        <PassphraseField label={m.setup.passphrase} value={passphrase} onChange={setPassphrase} />
        {children}
      </div>
      <ErrorNotice error={error} />
      <Button
        type="submit"
        kind="primary"
        size="large"
        wide
        disabled={!keystore || !passphrase}
        busy={running && submit.busy}
      >
        {submit.label}
      </Button>
      <Button kind="quiet" wide onClick={other.run} disabled={running}>
        {other.label}
      </Button>
    </form>
  )
}
