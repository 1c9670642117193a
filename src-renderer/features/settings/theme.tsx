import { m } from '../../messages/index.ts'
import { THEMES, useTheme } from '../../store/theme.ts'
import { Setting } from './setting.tsx'

/** Of this browser alone: another one may stand in another light. */
export function ThemeChoice() {
  const [theme, choose] = useTheme()
  return (
    <Setting label={m.settings.theme} text={m.settings.themeText}>
      {(described) => (
        <div className="input setting-select">
          <select
            aria-label={m.settings.theme}
            aria-describedby={described}
            value={theme}
            onChange={(event) => {
              const chosen = THEMES.find((one) => one === event.target.value)
              if (chosen) choose(chosen)
            }}
          >
            {THEMES.map((one) => (
              <option key={one} value={one}>
                {m.settings.themes[one]}
              </option>
            ))}
          </select>
        </div>
      )}
    </Setting>
  )
}
