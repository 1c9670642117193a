import type { Settings } from '#shared/contract/settings.ts'
import { de } from './de.ts'
import { en, type Messages } from './en.ts'

const CATALOGUES = { en, de } satisfies Record<Exclude<Settings['language'], 'auto'>, Messages>
type Language = keyof typeof CATALOGUES

/** The catalogue in use. Read while rendering, never kept: `speak` replaces it. */
export let m: Messages = en
/** What numbers and dates are written by: the language in use with the person's region, such as "en-GB". */
export let locale = 'en'

/** `preferred`: what the person's browser or system asks for, best first (`navigator.languages`). */
export function speak(choice: Settings['language'], preferred: readonly string[]): void {
  const wanted = preferred.flatMap(readLocale)
  const known = wanted.map(({ language }) => language).find(isKnown)
  const language = choice === 'auto' ? (known ?? 'en') : choice
  const region = wanted.find((one) => one.region)?.region
  m = CATALOGUES[language]
  locale = region ? `${language}-${region}` : language
}

const isKnown = (language: string): language is Language => Object.hasOwn(CATALOGUES, language)

function readLocale(tag: string): Intl.Locale[] {
  try {
    return [new Intl.Locale(tag)]
  } catch {
    return []
  }
}
