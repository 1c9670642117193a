import '../features/unlock/unlock.css'
import { type FormEvent, useState } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { m } from '../messages/index.ts'
import { useNodeParts } from '../store/node-context.tsx'
import { asMystError } from '../store/use-command.ts'
import { Brand } from '../ui/brand.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorNotice } from '../ui/notice.tsx'
import { PassphraseField } from '../ui/passphrase-field.tsx'

/** Nobody did anything at this page for long: whoever sits there now shows who they are. */
export function Locked() {
  const { bridge } = useNodeParts()
  const [passphrase, setPassphrase] = useState('')
  const [running, setRunning] = useState(false)
  const [error, setError] = useState<MystError>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!passphrase || running) return
    setRunning(true)
    setError(undefined)
    try {
      await bridge.unlock?.(passphrase)
      location.reload()
    } catch (reason) {
      setError(asMystError(reason))
      setRunning(false)
    }
  }
  return (
    <main className="unlock">
      <form className="unlock-form" onSubmit={(event) => void submit(event)}>
        <Brand size={44} />
        <h1>{m.app.lockedTitle}</h1>
        <p className="muted">{m.app.lockedText}</p>
        <div className="unlock-fields">
          <PassphraseField label={m.unlock.passphrase} value={passphrase} onChange={setPassphrase} autoFocus />
        </div>
        <ErrorNotice error={error} />
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          disabled={!passphrase}
          busy={running && m.unlock.unlocking}
        >
          {m.unlock.unlock}
        </Button>
        <p className="faint">{m.app.lockedHint}</p>
      </form>
    </main>
  )
}
