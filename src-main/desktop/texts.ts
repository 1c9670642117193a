import type { Settings } from '#shared/contract/settings.ts'
import { nodeDe } from '#shared/messages/node.de.ts'
import { nodeEn } from '#shared/messages/node.en.ts'
import { type NodeSentences, translate } from '#shared/messages/translate.ts'
import { de } from './texts-de.ts'
import { en, type Texts } from './texts-en.ts'

type Language = Exclude<Settings['language'], 'auto'>
const CATALOGUES: Record<Language, Texts> = { en, de }
const NODE: Record<Language, NodeSentences> = { en: nodeEn, de: nodeDe }

/**
 * Every text of the shell (tray, notifications, native dialogs) in the language in use. Read when it is shown, never
 * kept: `speak` replaces it. The page's own are in src-renderer/messages.
 */
export let t: Texts = en
let node = NODE.en

/** `preferred`: the languages of the system, best first ("de-AT"). */
export function speak(choice: Settings['language'], preferred: readonly string[]): void {
  const known = preferred.map((tag) => tag.split('-')[0]?.toLowerCase()).find((one) => one === 'en' || one === 'de')
  const language = choice === 'auto' ? (known ?? 'en') : choice
  t = CATALOGUES[language]
  node = NODE[language]
}

/** A sentence of the node in the language in use; as it is when its catalogue does not have it. */
export const said = (sentence: string): string => translate(sentence, node, figure)

/** "0.25" as the language in use writes it. */
export const figure = (decimal: string): string => decimal.replace('.', t.decimal)
