import { LANGUAGES } from '#shared/contract/settings.ts'
import { m } from '../../messages/index.ts'
import { Setting, useSetting } from './setting.tsx'

/** Every language by its own name, so that it is found by whoever cannot read the one in use. */
export function Language() {
  const { value, change, set } = useSetting('language')
  return (
    <section className="section">
      <h2>{m.settings.language}</h2>
      <ul className="card settings-list">
        <Setting name="language" label={m.settings.language} text={m.settings.languageText} change={change}>
          {(described) => (
            <div className="input setting-select">
              <select
                aria-label={m.settings.language}
                aria-describedby={described}
                value={value}
                disabled={change.running}
                onChange={(event) => {
                  const chosen = LANGUAGES.find((one) => one === event.target.value)
                  if (chosen) void set(chosen)
                }}
              >
                {LANGUAGES.map((one) => (
                  <option key={one} value={one}>
                    {m.settings.languages[one]}
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
