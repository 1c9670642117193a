import { LOCALE } from './format.ts'

const names = new Intl.DisplayNames(LOCALE, { type: 'region', fallback: 'none' })

/** "DE" → "Germany". A code nobody knows is shown as it is (a provider chose it). */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return 'Unknown place'
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
  const codes = new Set<string>()
  for (let number = 1; number < 900; number += 1) {
    const code = alpha2OfNumber(String(number).padStart(3, '0'))
    if (code) codes.add(code)
  }
  return [...codes]
    .map((code) => ({ code, name: countryName(code) }))
    .sort((a, b) => a.name.localeCompare(b.name, LOCALE))
}
