import { LANGUAGES } from '#shared/model/choices.ts'
import { m } from '../../messages/index.ts'
import { Choice } from './setting.tsx'
import { ThemeChoice } from './theme.tsx'

/** Every language by its own name, so that it is found by whoever cannot read the one in use. */
export function Language() {
  return (
    <section className="section">
      <h2>{m.settings.look}</h2>
      <ul className="card settings-list">
        <Choice
          name="language"
          label={m.settings.language}
          text={m.settings.languageText}
          choices={LANGUAGES}
          names={m.settings.languages}
        />
        <ThemeChoice />
      </ul>
    </section>
  )
}
