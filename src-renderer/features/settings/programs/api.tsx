import { type FormEvent, useEffect, useState } from 'react'
import { m } from '../../../messages/index.ts'
import { said } from '../../../messages/said.ts'
import { useNode } from '../../../store/node-context.tsx'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { Switch } from '../../../ui/switch.tsx'
import { Setting, useSetting } from '../setting.tsx'
import { readPort } from './terms.ts'

/** The switch of the local API; while it is on, its address or what is in its way. */
export function Api() {
  const { value, change, set } = useSetting('programsApi')
  const address = useNode(({ api }) => api.address)
  const problem = useNode(({ api }) => api.problem)
  return (
    <>
      <Setting name="programsApi" label={m.programs.api} text={m.programs.apiText} change={change}>
        {(described) => (
          <Switch
            label={m.programs.api}
            describedBy={described}
            checked={value}
            onChange={(on) => void set(on)}
            disabled={change.running}
          />
        )}
      </Setting>
      {value && (
        <>
          <li className="setting">
            {problem ? (
              <div className="setting-note">
                <Notice tone="amber" live>
                  {said(problem)}
                </Notice>
              </div>
            ) : (
              <>
                <strong>{m.programs.apiAddress}</strong>
                {address ? (
                  <span className="address">
                    <code>{address}</code>
                    <CopyButton text={address} label={m.programs.copyApi} />
                  </span>
                ) : (
                  <span className="faint">{m.programs.apiStarting}</span>
                )}
              </>
            )}
          </li>
          <Port />
        </>
      )}
    </>
  )
}

function Port() {
  const { value, change, set } = useSetting('programsApiPort')
  const [text, setText] = useState(String(value))
  const [told, setTold] = useState(false)
  // Changed at another door.
  useEffect(() => setText(String(value)), [value])
  const wanted = readPort(text)
  const error = told && wanted === undefined ? m.programs.portBad : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTold(true)
    if (wanted !== undefined && wanted !== value && !change.running) void set(wanted)
  }
  return (
    <Setting name="programsApiPort" label={m.programs.apiPort} text={m.programs.apiPortText} change={change}>
      {(described) => (
        <form className="setting-form program-port" onSubmit={submit}>
          <div className="input" data-invalid={Boolean(error)}>
            <input
              aria-label={m.programs.apiPort}
              aria-describedby={error ? `${described}-error` : described}
              aria-invalid={error ? true : undefined}
              inputMode="numeric"
              autoComplete="off"
              maxLength={5}
              value={text}
              onChange={(event) => {
                setText(event.target.value.trim())
                setTold(false)
                change.reset()
              }}
            />
          </div>
          <Button type="submit" disabled={wanted === value} busy={change.running && m.settings.saving}>
            {m.settings.save}
          </Button>
          {error && (
            <p id={`${described}-error`} className="field-error" role="alert">
              {error}
            </p>
          )}
        </form>
      )}
    </Setting>
  )
}
