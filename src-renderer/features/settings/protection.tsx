import { useState } from 'react'
import { isResolver } from '#shared/model/choices.ts'
import { isBehindVpn } from '#shared/model/session.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useNode } from '../../store/node-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Switch } from '../../ui/switch.tsx'
import { Setting, useSetting } from './setting.tsx'
import { TypedSetting } from './typed-setting.tsx'

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
  const isUsed = useNode(({ connection }) => isBehindVpn(connection))
  return (
    <TypedSetting
      name="resolver"
      label={m.settings.resolver}
      text={(wanted) => (wanted?.includes(':') ? m.settings.resolverSix : m.settings.resolverText)}
      read={(typed) => (typed === '' ? 'default' : isResolver(typed) ? typed : undefined)}
      write={(value) => (value === 'default' ? '' : value)}
      bad={m.settings.resolverBad}
      saved={isUsed ? m.settings.resolverNow : m.settings.resolverNext}
      disabled={disabled}
      input={{ className: 'mono', placeholder: m.settings.resolverUsual, maxLength: 60 }}
    />
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
