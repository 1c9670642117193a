import { useCallback, useEffect } from 'react'
import { useRemembered } from './remembered.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** Of this browser, worn by the whole page. At the next start `app/theme-first.js` puts it on before anything is seen. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, remember] = useRemembered<Theme>('theme', 'system', (stored) => THEMES.find((one) => one === stored))
  useEffect(() => wear(theme), [theme])
  const choose = useCallback(
    (next: Theme) => {
      remember(next)
      wear(next)
    },
    [remember],
  )
  return [theme, choose]
}

function wear(theme: Theme): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
}
