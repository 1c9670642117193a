import { type FormEvent, useEffect, useState } from 'react'
import { isResolver } from '#shared/model/choices.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useNode } from '../../store/node-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { errorSentence, Notice } from '../../ui/notice.tsx'
import { Switch } from '../../ui/switch.tsx'
import { Setting, useSetting } from './setting.tsx'

export function Protection() {
  const { available, message } = useNode((state) => state.capabilities.openvpn)
  return (
    <section className="section">
      <h2>{m.settings.protection}</h2>
      {!available && <Notice tone="amber">{m.settings.protectionNone(said(message ?? ''))}</Notice>}
      <ul className="card settings-list">
        <Setting label={m.settings.killSwitch} text={m.settings.killSwitchText}>
          {() => <span className="tag tag-green">{m.settings.alwaysOn}</span>}
        </Setting>
        <LocalNetwork disabled={!available} />
        <Resolver disabled={!available} />
        <Lockdown disabled={!available} />
      </ul>
    </section>
  )
}

function LocalNetwork({ disabled }: { disabled: boolean }) {
  const { value, change, set } = useSetting('allowLocalNetwork')
  return (
    <Setting
      name="allowLocalNetwork"
      label={m.settings.localNetwork}
      text={m.settings.localNetworkText}
      change={change}
    >
      {(described) => (
        <Switch
          label={m.settings.localNetwork}
          describedBy={described}
          checked={value}
          onChange={(on) => void set(on)}
          disabled={disabled || change.running}
        />
      )}
    </Setting>
  )
}

function Resolver({ disabled }: { disabled: boolean }) {
  const { value, change, set } = useSetting('resolver')
  const kept = value === 'default' ? '' : value
  const [text, setText] = useState(kept)
  // Changed at another door.
  useEffect(() => setText(kept), [kept])
  const wanted = text.trim() === '' ? 'default' : text.trim()
  const bad = !isResolver(wanted)
  const [told, setTold] = useState(false)
  const error = told && bad ? m.settings.resolverBad : change.error && errorSentence(change.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTold(bad)
    if (!bad && !change.running) void set(wanted)
  }
  return (
    <Setting
      name="resolver"
      label={m.settings.resolver}
      text={!bad && wanted.includes(':') ? m.settings.resolverSix : m.settings.resolverText}
    >
      {(described) => (
        <form className="setting-form" onSubmit={submit} noValidate>
          <div className="input" data-invalid={Boolean(error)}>
            <input
              aria-label={m.settings.resolver}
              aria-describedby={error ? `${described}-error` : described}
              aria-invalid={error ? true : undefined}
              className="mono"
              value={text}
              placeholder={m.settings.resolverUsual}
              maxLength={60}
              spellCheck={false}
              autoComplete="off"
              disabled={disabled}
              onChange={(event) => {
                setText(event.target.value)
                setTold(false)
                change.reset()
              }}
            />
          </div>
          <Button type="submit" disabled={disabled || wanted === value} busy={change.running && m.settings.saving}>
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

function Lockdown({ disabled }: { disabled: boolean }) {
  const { value, change, set } = useSetting('lockdown')
  const [asking, setAsking] = useState(false)
  return (
    <Setting name="lockdown" label={m.settings.lockdown} text={m.settings.lockdownText} change={change}>
      {(described) => (
        <>
          <Switch
            label={m.settings.lockdown}
            describedBy={described}
            checked={value}
            onChange={(on) => (on ? setAsking(true) : void set(false))}
            // Off it can be switched wherever it is on.
            disabled={(disabled && !value) || change.running}
          />
          <Dialog
            open={asking}
            onClose={() => setAsking(false)}
            title={m.settings.lockdownTitle}
            text={m.settings.lockdownWarning}
          >
            <div className="dialog-actions">
              <Button onClick={() => setAsking(false)}>{m.app.cancel}</Button>
              <Button
                kind="primary"
                onClick={() => {
                  setAsking(false)
                  void set(true)
                }}
              >
                {m.settings.lockdownGo}
              </Button>
            </div>
          </Dialog>
        </>
      )}
    </Setting>
  )
}
