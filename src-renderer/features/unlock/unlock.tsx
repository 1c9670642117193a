import './unlock.css'
import { type FormEvent, useEffect, useState } from 'react'
import { shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { navigate } from '../../store/route.ts'
import { useCommand } from '../../store/use-command.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { PassphraseField } from '../../ui/passphrase-field.tsx'
import { RememberCheck } from '../../ui/remember-check.tsx'
import { Forgotten } from './forgotten.tsx'

export function Unlock() {
  const all = useNode((state) => state.identity.all)
  const active = useNode((state) => state.identity.active)
  const unlocked = useNode((state) => state.identity.unlocked)
  const unlocking = useNode((state) => state.identity.unlocking)
  const [chosen, setChosen] = useState(active ?? all[0]?.id)
  const keychain = useNode((state) => state.identity.keychain)
  const [passphrase, setPassphrase] = useState('')
  const [remember, setRemember] = useState(keychain?.remembers !== undefined)
  const unlock = useCommand('identity.unlock')

  useEffect(() => {
    if (unlocked) navigate('connect')
    else if (all.length === 0) navigate('setup')
  }, [unlocked, all.length])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (chosen && passphrase && !unlock.running) {
      void unlock.run({ id: chosen, passphrase, ...(keychain && { remember }) })
    }
  }

  return (
    <main className="unlock">
      <form className="unlock-form" onSubmit={submit}>
        {chosen && <Avatar id={chosen} size={56} />}
        <h1>{m.unlock.title}</h1>
        <p className="muted">{m.unlock.text}</p>
        <div className="unlock-fields">
          {all.length > 1 ? (
            <Field label={m.unlock.identity}>
              {(control) => (
                <select
                  {...control}
                  value={chosen}
                  onChange={(event) => setChosen(all.find((one) => one.id === event.target.value)?.id)}
                >
                  {all.map(({ id }) => (
                    <option key={id} value={id}>
                      {shortId(id)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          ) : (
            chosen && (
              <p className="mono faint unlock-id" title={chosen}>
                {shortId(chosen)}
              </p>
            )
          )}
          <PassphraseField label={m.unlock.passphrase} value={passphrase} onChange={setPassphrase} autoFocus />
          <RememberCheck available={keychain !== undefined} checked={remember} onChange={setRemember} />
        </div>
        <ErrorNotice error={unlock.error} />
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          disabled={!passphrase || !chosen}
          busy={(unlock.running || unlocking) && m.unlock.unlocking}
        >
          {m.unlock.unlock}
        </Button>
        <Button kind="quiet" wide onClick={() => navigate('connect')}>
          {m.unlock.lookAround}
        </Button>
      </form>
      <div className="unlock-forgotten">
        <Forgotten />
      </div>
    </main>
  )
}
