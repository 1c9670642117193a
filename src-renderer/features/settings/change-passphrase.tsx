import { type FormEvent, useState } from 'react'
import type { IdentityId } from '#shared/model/identity.ts'
import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'
import { LEAST_STRENGTH, passphraseStrength } from '../../ui/passphrase-strength.ts'

export function ChangePassphrase({ id, onDone }: { id: IdentityId; onDone(): void }) {
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const [repeated, setRepeated] = useState('')
  const change = useCommand('identity.changePassphrase')
  const strong = passphraseStrength(next) >= LEAST_STRENGTH
  const same = next === repeated
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!old || !strong || !same || change.running) return
    if (await change.run({ id, old, new: next })) onDone()
  }
  return (
    <form className="dialog-form" onSubmit={(event) => void submit(event)}>
      <PassphraseField label={m.settings.passphraseOld} value={old} onChange={setOld} />
      <PassphraseField
        label={m.settings.passphraseNew}
        value={next}
        onChange={setNext}
        isNew
        hint={m.settings.passphraseWeak}
      />
      <PassphraseField
        label={m.setup.repeat}
        value={repeated}
        onChange={setRepeated}
        isNew
        // Only once the second is as long as the first: nobody is told off while still typing.
        error={!same && repeated.length >= next.length ? m.setup.mismatch : undefined}
      />
      <ErrorNotice error={change.error} />
      <div className="dialog-actions">
        <Button
          type="submit"
          kind="primary"
          disabled={!old || !strong || !same}
          busy={change.running && m.settings.passphraseChanging}
        >
          {m.settings.passphraseChange}
        </Button>
      </div>
    </form>
  )
}
