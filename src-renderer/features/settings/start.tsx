import { CONNECT_ON_START } from '#shared/model/choices.ts'
import { m } from '../../messages/index.ts'
import { Switch } from '../../ui/switch.tsx'
import { Choice, Setting, useSetting } from './setting.tsx'
import { StartWithComputer } from './start-with-computer.tsx'

export function Start() {
  return (
    <section className="section">
      <h2>{m.settings.start}</h2>
      <ul className="card settings-list">
        <StartWithComputer />
        <Choice
          name="connectOnStart"
          label={m.settings.connectOnStart}
          text={m.settings.connectOnStartText}
          choices={CONNECT_ON_START}
          names={m.settings.connectOnStarts}
        />
        <ShareOnStart />
      </ul>
    </section>
  )
}

function ShareOnStart() {
  const { value, change, set } = useSetting('shareOnStart')
  return (
    <Setting name="shareOnStart" label={m.settings.shareOnStart} text={m.settings.shareOnStartText} change={change}>
      {(described) => (
        <Switch
          label={m.settings.shareOnStart}
          describedBy={described}
          checked={value}
          onChange={(on) => void set(on)}
          disabled={change.running}
        />
      )}
    </Setting>
  )
}
