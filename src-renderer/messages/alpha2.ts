/**
 * ISO 3166 alpha-2 for its number ("276" → "DE"), which is how map data names countries. Unicode's
 * canonical form of a locale replaces the one by the other, so no table is needed here.
 */
export function alpha2OfNumber(number: string): string | undefined {
  if (!/^\d{3}$/.test(number)) return undefined
  const region = Intl.getCanonicalLocales(`und-${number}`)[0]?.split('-')[1]
  return region && /^[A-Z]{2}$/.test(region) ? region : undefined
}
