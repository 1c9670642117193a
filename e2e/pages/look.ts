import { speak } from '../../src-renderer/messages/index.ts'

/** How a person's browser is set. */
export type Look = { language: 'en' | 'de'; locale: string; colorScheme: 'light' | 'dark' }

/** The journeys are gone in each of these. */
export const LOOKS: readonly Look[] = [
  { language: 'en', locale: 'en-GB', colorScheme: 'light' },
  { language: 'de', locale: 'de-DE', colorScheme: 'dark' },
]

/**
 * Page objects take their words from the catalogue that the page itself takes them from, and read it when they are made:
 * this comes before anything is opened.
 */
export function wear({ language, locale }: Look): void {
  speak(language, [locale])
}

/** Stands for whatever a text of the catalogue is given. */
export const ANY = '\uE000'

/** A text of the catalogue as a pattern: `matching(m.connect.connectTo(ANY, ANY, ANY))`. */
export function matching(text: string): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  // A page's text is matched with every space made a plain one.
  return new RegExp(`^${escaped.replaceAll(ANY, '.+').replaceAll('\u00a0', '\\s')}`)
}
