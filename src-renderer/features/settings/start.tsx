import { CONNECT_ON_START } from '#shared/model/choices.ts'
import { m } from '../../messages/index.ts'
import { Choice } from './setting.tsx'
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
      </ul>
    </section>
  )
}
