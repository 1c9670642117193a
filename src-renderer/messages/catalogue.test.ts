import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { REFUSALS } from '#shared/model/refusal.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { locale, m, speak } from './index.ts'
import type { Counted } from './plural.ts'
import { said } from './said.ts'

/** Names, units and words that are the same in both. */
const SAME = new Set(
  'Mysterium Wallet VPN Proxy MYST Mbit/s GiB Passphrase Budget Block Name Version Lockdown Start English Deutsch'.split(
    ' ',
  ),
)

type Text = string | ((...parts: never[]) => string)

/** Every text with its path: `connect.quick`. What the node says has a test of its own. */
function texts(catalogue: object, path = ''): Map<string, Text> {
  const all = new Map<string, Text>()
  for (const [key, value] of Object.entries(catalogue)) {
    const here = path === '' ? key : `${path}.${key}`
    if (here === 'node') continue
    if (typeof value === 'object') for (const [inner, text] of texts(value, here)) all.set(inner, text)
    else all.set(here, value)
  }
  return all
}

/** What a sentence is given, to be found again in it: as a text, and as a count of one or of many. */
function marks(length: number, form: Counted['form']): string[] {
  return Array.from({ length }, (_, at) => Object.assign(new String(`«${at}»`), { text: `«${at}»`, form }) as never)
}

function written(text: Text, form: Counted['form']): string {
  return typeof text === 'string' ? text : text(...(marks(text.length, form) as never[]))
}

const english = texts(en)
const german = texts(de)

afterEach(() => speak('en', []))

describe('the German catalogue', () => {
  it('has every text and no other, with as much to put in', () => {
    expect(english.size).toBeGreaterThan(500)
    expect([...german.keys()]).toEqual([...english.keys()])
    for (const [path, text] of english) {
      expect(typeof german.get(path), path).toBe(typeof text)
      if (typeof text === 'function') expect((german.get(path) as { length: number }).length, path).toBe(text.length)
    }
  })

  it.each(['one', 'other'] as const)('puts in whatever the English puts in, for %s', (form) => {
    for (const [path, text] of english) {
      const put = (sentence: string) => [...new Set(sentence.match(/«\d»/g))].sort()
      const translated = german.get(path)
      expect(put(written(translated ?? '', form)), path).toEqual(put(written(text, form)))
    }
  })

  it('has no empty text and nothing left in English', () => {
    for (const [path, text] of german) {
      const words = written(text, 'other')
      expect(words.trim(), path).not.toBe('')
      expect(words, path).not.toMatch(/\b(the|your|you|is|are|not yet)\b/)
      if (typeof text !== 'string' || SAME.has(text)) continue
      expect(text, path).not.toBe(english.get(path))
    }
  })

  it('knows one from many', () => {
    speak('de', ['de-DE'])
    expect(m.connect.count({ text: '1', form: 'one' })).toBe('1 Angebot')
    expect(m.connect.count({ text: '0', form: 'other' })).toBe('0 Angebote')
    expect(en.share.stopText({ text: '1', form: 'one' })).toMatch(/^1 person is connected/)
    expect(de.share.stopText({ text: '2', form: 'other' })).toMatch(/^2 Personen sind verbunden und verlieren/)
  })
})

describe('what the node says', () => {
  const sources = globSync(['src-main/**/*.ts', 'src-shared/**/*.ts', 'src-renderer/bridge/*.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
    .filter((path) => !path.endsWith('.test.ts') && !path.startsWith('src-shared/messages'))
    .map((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))
    .join('\n')

  it('is translated only where something says it', () => {
    expect(sources).toContain(REFUSALS['sessions-full'])
    for (const key of [...Object.keys(de.node), ...Object.keys(en.node)]) {
      for (const piece of key.split('{}')) expect(sources, key).toContain(piece.trim())
    }
  })

  it('puts in only what there is, and all refusals are known', () => {
    for (const [key, sentence] of [...Object.entries(de.node), ...Object.entries(en.node)]) {
      const open = key.split('{}').length - 1
      for (const [, at] of sentence.matchAll(/\{(\d)\}/g)) expect(Number(at), key).toBeLessThan(open)
    }
    for (const sentence of Object.values(REFUSALS)) expect(de.node).toHaveProperty([sentence])
  })

  it('is said in the language in use, with the figures and sentences within', () => {
    speak('de', ['de-DE'])
    expect(said('The session ended.')).toBe('Die Sitzung ist beendet.')
    expect(said('The account holds 18.437 MYST; 20 cannot be withdrawn.')).toBe(
      'Auf dem Konto sind 18,4370 MYST; 20 lassen sich nicht auszahlen.',
    )
    expect(
      said(
        'The connection to the provider was lost. Nobody could take over: The provider does not answer; it may be offline.',
      ),
    ).toBe(
      'Die Verbindung zum Anbieter ging verloren. Niemand konnte übernehmen: Der Anbieter antwortet nicht; vielleicht ist er offline.',
    )
    expect(said('The gas account of This file is damaged; use a backup of it.')).toBe(
      'Die Einzahlungsadresse (Diese Datei) ist beschädigt; verwenden Sie eine Sicherung davon.',
    )
    expect(said('Port {} fell. Something nobody knows.')).toBe('Port {} fell. Something nobody knows.')
    expect(said('constructor')).toBe('constructor')
    speak('en', [])
    expect(said('The session ended.')).toBe('The session ended.')
    expect(said('The gas account 0x12 does not hold enough ether for the fee; send some to it.')).toBe(
      'Your deposit address 0x12 does not hold enough ether for the fee; send some to it.',
    )
  })
})

describe('the language in use', () => {
  it.each([
    ['auto', ['de-AT', 'en-US'], 'Verbinden', 'de-AT'],
    ['auto', ['fr-FR', 'de', 'en'], 'Verbinden', 'de-FR'],
    ['auto', ['fr', 'it'], 'Connect', 'en'],
    ['auto', [], 'Connect', 'en'],
    ['auto', ['not a language', 'de'], 'Verbinden', 'de'],
    ['en', ['de-DE'], 'Connect', 'en-DE'],
    ['de', ['en-GB'], 'Verbinden', 'de-GB'],
    ['auto', ['en-GB-u-nu-arab'], 'Connect', 'en-GB'],
  ] as const)('for %s with %j says "%s"', (choice, preferred, word, tag) => {
    speak(choice, preferred)
    expect(m.app.connect).toBe(word)
    expect(locale).toBe(tag)
  })
})
