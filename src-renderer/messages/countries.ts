import { alpha2OfNumber } from './alpha2.ts'
import { locale, m } from './index.ts'

/** Slow to make, and of no use before the language is known. */
let names: ReturnType<typeof namesIn> | undefined

function namesIn(tag: string) {
  const all = new Intl.DisplayNames(tag, { type: 'region', fallback: 'none' })
  return { locale: tag, of: (code: string) => all.of(code) }
}

/** "DE" → "Germany". A code nobody knows is shown as it is (a provider chose it). */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return m.app.unknownPlace
  if (names?.locale !== locale) names = namesIn(locale)
  return names.of(code) ?? code
}

let codes: (string | undefined)[] | undefined

/** Every country, by name. */
export function allCountries(): { code: string; name: string }[] {
  codes ??= Array.from({ length: 899 }, (_, number) => alpha2OfNumber(String(number + 1).padStart(3, '0')))
  return byName(new Set(codes.filter((code) => code !== undefined)))
}

export function byName(all: Iterable<string>): { code: string; name: string }[] {
  const { compare } = new Intl.Collator(locale)
  return [...all].map((code) => ({ code, name: countryName(code) })).sort((a, b) => compare(a.name, b.name))
}
