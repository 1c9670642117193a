/**
 * What the node says, in another language: its English sentence as the key. Each `{}` in a key stands for a text of its own,
 * which goes where the sentence has its number: `{0}` the first.
 */
export type NodeSentences = Readonly<Record<string, string>>

/** What the node says is shorter; a stranger's text may be long, and is not looked at. */
const LONGEST = 1_000

type Pattern = { form: RegExp; words: string }
const patterns = new WeakMap<NodeSentences, Pattern[]>()

/** A sentence as the catalogue has it, or as it is. `figure` writes the decimal numbers in it ("0.5"). */
export function translate(sentence: string, catalogue: NodeSentences, figure: (decimal: string) => string): string {
  if (sentence.length > LONGEST) return sentence
  const whole = Object.hasOwn(catalogue, sentence) ? catalogue[sentence] : undefined
  if (whole !== undefined) return whole
  // Within a sentence there may be another one, or a figure.
  const part = (text: string) => (/^\d+\.\d+$/.test(text) ? figure(text) : translate(text, catalogue, figure))
  for (const { form, words } of patternsOf(catalogue)) {
    const parts = form.exec(sentence)?.slice(1)
    if (parts) return words.replace(/\{(\d)\}/g, (_, at) => part(parts[Number(at)] ?? ''))
  }
  return sentence
}

function patternsOf(catalogue: NodeSentences): Pattern[] {
  const known = patterns.get(catalogue)
  if (known) return known
  const made = Object.entries(catalogue)
    .filter(([key]) => key.includes('{}'))
    .map(([key, words]) => ({
      form: new RegExp(`^${key.split('{}').map(escaped).join('(.+?)')}$`, 's'),
      words,
    }))
  patterns.set(catalogue, made)
  return made
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
