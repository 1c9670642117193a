import { CONNECT_ON_START } from '#shared/contract/settings.ts'
import { m } from '../../messages/index.ts'
import { Setting, useSetting } from './setting.tsx'
import { StartWithComputer } from './start-with-computer.tsx'

export function Start() {
  const { value, change, set } = useSetting('connectOnStart')
  return (
    <section className="section">
      <h2>{m.settings.start}</h2>
      <ul className="card settings-list">
        <StartWithComputer />
        <Setting
          name="connectOnStart"
          label={m.settings.connectOnStart}
          text={m.settings.connectOnStartText}
          change={change}
        >
          {(described) => (
            <div className="input setting-select">
              <select
                aria-label={m.settings.connectOnStart}
                aria-describedby={described}
                value={value}
                disabled={change.running}
                onChange={(event) => {
                  const chosen = CONNECT_ON_START.find((one) => one === event.target.value)
                  if (chosen) void set(chosen)
                }}
              >
                {CONNECT_ON_START.map((one) => (
                  <option key={one} value={one}>
                    {m.settings.connectOnStarts[one]}
                  </option>
                ))}
              </select>
            </div>
          )}
        </Setting>
      </ul>
    </section>
  )
}
