import { afterEach, expect, test } from 'vitest'
import { speak, t } from './texts.ts'
import { de } from './texts-de.ts'
import { en } from './texts-en.ts'

afterEach(() => speak('en', []))

test.each([
  ['auto', ['fr-FR', 'de-AT', 'en'], de],
  ['auto', ['en-GB', 'de'], en],
  ['auto', ['fr'], en],
  ['auto', [], en],
  ['de', ['en'], de],
  ['en', ['de'], en],
] as const)('chosen %s on a system that wants %j', (choice, preferred, texts) => {
  speak(choice, preferred)
  expect(t).toBe(texts)
})

/** Every text, with something in each of its places. */
function written(texts: object): string[] {
  return Object.values(texts).flatMap((text: unknown) =>
    typeof text === 'function'
      ? [String(text('1', '2', '3', '4'))]
      : typeof text === 'object' && text
        ? written(text)
        : [`${text}`],
  )
}

test('each language says everything, and in its own words', () => {
  const [english, german] = [written(en), written(de)]
  expect(german).toHaveLength(english.length)
  expect([...english, ...german].filter((text) => text.trim() === '' || text.includes('undefined'))).toEqual([])
  const same = german.filter((text) => english.includes(text))
  // A name, and what is nothing but what a stranger said.
  expect(new Set(same)).toEqual(new Set(['Mysterium', 'Mysterium: 1', '1', '1 · 2 · 3 MYST/4']))
})
