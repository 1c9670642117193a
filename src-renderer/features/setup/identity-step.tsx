import { type FormEvent, useState } from 'react'
import { formatAmount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'
import { LEAST_STRENGTH, passphraseStrength } from '../../ui/passphrase-strength.ts'
import { RememberCheck } from '../../ui/remember-check.tsx'
import { StrengthMeter } from '../../ui/strength-meter.tsx'
import { KeystoreForm } from './keystore-form.tsx'

export function IdentityStep() {
  const [importing, setImporting] = useState(false)
  return importing ? (
    <ImportIdentity onSwitch={() => setImporting(false)} />
  ) : (
    <CreateIdentity onSwitch={() => setImporting(true)} />
  )
}

function CreateIdentity({ onSwitch }: { onSwitch(): void }) {
  const [passphrase, setPassphrase] = useState('')
  const [repeated, setRepeated] = useState('')
  const keychain = useNode((state) => state.identity.keychain)
  const [remember, setRemember] = useState(false)
  const create = useCommand('identity.create')
  const strong = passphraseStrength(passphrase) >= LEAST_STRENGTH
  const same = passphrase === repeated
  // Only once the second is as long as the first: nobody is told off while still typing.
  const mismatch = !same && repeated.length >= passphrase.length

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (strong && same && !create.running) void create.run({ passphrase, ...(keychain && { remember }) })
  }

  return (
    <form className="setup-step" onSubmit={submit}>
      <Welcome />
      <h1>{m.setup.identityTitle}</h1>
      <p className="muted">{m.setup.identityText}</p>
      <div className="setup-fields">
        <PassphraseField label={m.setup.passphrase} value={passphrase} onChange={setPassphrase} isNew autoFocus />
        <StrengthMeter passphrase={passphrase} />
        <PassphraseField
          label={m.setup.repeat}
          value={repeated}
          onChange={setRepeated}
          isNew
          error={mismatch ? m.setup.mismatch : undefined}
        />
        <RememberCheck available={keychain !== undefined} checked={remember} onChange={setRemember} />
      </div>
      <ErrorNotice error={create.error} />
      <Button
        type="submit"
        kind="primary"
        size="large"
        wide
        disabled={!strong || !same}
        busy={create.running && m.setup.making}
      >
        {m.setup.make}
      </Button>
      <Button kind="quiet" wide onClick={onSwitch} disabled={create.running}>
        {m.setup.importInstead}
      </Button>
    </form>
  )
}

/** What this is and what it will cost, before anything is asked for. */
function Welcome() {
  const fee = useNode((state) => state.wallet.registrationFee)
  const local = useNode((state) => state.network.local)
  return (
    <p className="setup-welcome">
      {m.setup.welcome} {fee > 0n && (local ? m.setup.costsLocal : m.setup.costs)(formatAmount(fee))}
    </p>
  )
}

function ImportIdentity({ onSwitch }: { onSwitch(): void }) {
  const keychain = useNode((state) => state.identity.keychain)
  const [remember, setRemember] = useState(false)
  const load = useCommand('identity.import')
  return (
    <KeystoreForm
      title={m.setup.importTitle}
      text={m.setup.importText}
      submit={{
        label: m.setup.import,
        busy: m.setup.importing,
        run: (file) => void load.run({ ...file, ...(keychain && { remember }) }),
      }}
      running={load.running}
      error={load.error}
      other={{ label: m.setup.createInstead, run: onSwitch }}
    >
      <RememberCheck available={keychain !== undefined} checked={remember} onChange={setRemember} />
    </KeystoreForm>
  )
}
