import type { Settings } from '#shared/contract/settings.ts'
import { de } from './texts-de.ts'
import { en } from './texts-en.ts'

export type Texts = typeof en

const CATALOGUES = { en, de } satisfies Record<Exclude<Settings['language'], 'auto'>, Texts>

/**
 * Every text of the shell (tray, notifications, native dialogs) in the language in use. Read when it is shown, never
 * kept: `speak` replaces it. The page's own are in src-renderer/messages.
 */
export let t: Texts = en

/** `preferred`: the languages of the system, best first ("de-AT"). */
export function speak(choice: Settings['language'], preferred: readonly string[]): void {
  const known = preferred.map((tag) => tag.split('-')[0]?.toLowerCase()).find((one) => one === 'en' || one === 'de')
  t = CATALOGUES[choice === 'auto' ? (known ?? 'en') : choice]
}
