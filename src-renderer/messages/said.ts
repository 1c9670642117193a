import { m } from './index.ts'
import { typeNumber } from './typed.ts'

type Pattern = { form: RegExp; sentence: string }

const patterns = new WeakMap<object, Pattern[]>()

/** A sentence of the node in the language in use; as it is when the catalogue does not have it. */
export function said(sentence: string): string {
  const whole = Object.hasOwn(m.node, sentence) ? m.node[sentence] : undefined
  if (whole !== undefined) return whole
  for (const { form, sentence: words } of patternsOf(m.node)) {
    const parts = form.exec(sentence)?.slice(1)
    if (parts) return words.replace(/\{(\d)\}/g, (_, at) => part(parts[Number(at)] ?? ''))
  }
  return sentence
}

/** Within a sentence there may be another one, or a figure. */
function part(text: string): string {
  return /^\d+\.\d+$/.test(text) ? typeNumber(text) : said(text)
}

function patternsOf(node: Readonly<Record<string, string>>): Pattern[] {
  const known = patterns.get(node)
  if (known) return known
  const made = Object.entries(node)
    .filter(([key]) => key.includes('{}'))
    .map(([key, sentence]) => ({
      form: new RegExp(`^${key.split('{}').map(escaped).join('(.+?)')}$`, 's'),
      sentence,
    }))
  patterns.set(node, made)
  return made
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
