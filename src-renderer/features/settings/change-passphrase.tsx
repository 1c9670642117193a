import { type FormEvent, useState } from 'react'
import type { IdentityId } from '#shared/model/identity.ts'
import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice, errorSentence } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'
import { LEAST_STRENGTH, passphraseStrength } from '../../ui/passphrase-strength.ts'
import { StrengthMeter } from '../../ui/strength-meter.tsx'

export function ChangePassphrase({ id, onDone, onCancel }: { id: IdentityId; onDone(): void; onCancel(): void }) {
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const [repeated, setRepeated] = useState('')
  const change = useCommand('identity.changePassphrase')
  const isWrong = change.error?.name === 'WrongPassphrase'
  const strong = passphraseStrength(next) >= LEAST_STRENGTH
  const same = next === repeated
  const isNew = next !== old
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!old || !strong || !same || !isNew || change.running) return
    if (await change.run({ id, old, new: next })) onDone()
  }
  return (
    <form className="dialog-form" onSubmit={(event) => void submit(event)}>
      <PassphraseField
        label={m.settings.passphraseOld}
        value={old}
        onChange={(typed) => {
          setOld(typed)
          change.reset()
        }}
        // What is wrong takes the place of it, so that nothing moves.
        hint={m.settings.passphraseOldHint}
        error={isWrong && change.error ? errorSentence(change.error) : undefined}
      />
      <PassphraseField
        label={m.settings.passphraseNew}
        value={next}
        onChange={setNext}
        isNew
        error={old !== '' && !isNew ? m.settings.passphraseSame : undefined}
      />
      <StrengthMeter passphrase={next} />
      <PassphraseField
        label={m.setup.repeat}
        value={repeated}
        onChange={setRepeated}
        isNew
        hint={m.settings.passphraseRepeatHint}
        // Only once the second is as long as the first: nobody is told off while still typing.
        error={!same && repeated.length >= next.length ? m.setup.mismatch : undefined}
      />
      <ErrorNotice error={isWrong ? undefined : change.error} />
      <div className="dialog-actions">
        <Button onClick={onCancel}>{m.app.cancel}</Button>
        <Button
          type="submit"
          kind="primary"
          disabled={!old || !strong || !same || !isNew}
          busy={change.running && m.settings.passphraseChanging}
        >
          {m.settings.passphraseChange}
        </Button>
      </div>
    </form>
  )
}
