import { locale, m } from './index.ts'

let names = namesIn(locale)

function namesIn(tag: string) {
  const all = new Intl.DisplayNames(tag, { type: 'region', fallback: 'none' })
  return { locale: tag, of: (code: string) => all.of(code) }
}

/** "DE" → "Germany". A code nobody knows is shown as it is (a provider chose it). */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return m.app.unknownPlace
  if (names.locale !== locale) names = namesIn(locale)
  return names.of(code) ?? code
}

/**
 * ISO 3166 alpha-2 for its number ("276" → "DE"), which is how map data names countries. Unicode's
 * canonical form of a locale replaces the one by the other, so no table is needed here.
 */
export function alpha2OfNumber(number: string): string | undefined {
  if (!/^\d{3}$/.test(number)) return undefined
  const region = Intl.getCanonicalLocales(`und-${number}`)[0]?.split('-')[1]
  return region && /^[A-Z]{2}$/.test(region) ? region : undefined
}

/** Every country, by name. */
export function allCountries(): { code: string; name: string }[] {
  return byName(codes)
}

export function byName(all: Iterable<string>): { code: string; name: string }[] {
  const { compare } = new Intl.Collator(locale)
  return [...all].map((code) => ({ code, name: countryName(code) })).sort((a, b) => compare(a.name, b.name))
}

const codes = new Set(
  Array.from({ length: 899 }, (_, number) => alpha2OfNumber(String(number + 1).padStart(3, '0'))).filter(
    (code) => code !== undefined,
  ),
)
