import { type Amount, parseMyst } from '#shared/model/units.ts'
import { decimalSign } from './format.ts'
import { m } from './index.ts'

/*
 * Numbers as people type them. Point and comma are both taken, because keyboards, habits and languages differ; and
 * because they do, "1.000" and "1,000" are asked about and never guessed: they may be one or a thousand.
 */

/** Three digits after a single sign, and something before it that could be thousands. */
const AMBIGUOUS = /^([1-9]\d{0,2})[.,](\d{3})$/

/** "0,5" → "0.5"; undefined when it is no number of digits, or could be two. Signs and exponents are none. */
export function readNumber(typed: string): string | undefined {
  const text = typed.trim()
  const [, whole, decimals] = /^(\d+)(?:[.,](\d+))?$/.exec(text) ?? []
  if (whole === undefined || AMBIGUOUS.test(text)) return undefined
  return decimals === undefined ? whole : `${whole}.${decimals}`
}

/** Where only whole numbers have a meaning, "2,000" is no question. Undefined when it is none. */
export function readWhole(typed: string): number | undefined {
  const digits = /^\d+$|^\d{1,3}(?:[.,]\d{3})+$/.exec(typed.trim())?.[0].replace(/[.,]/g, '')
  return digits === undefined ? undefined : Number(digits)
}

/** The same as an amount of MYST; undefined as well when no amount has so many digits. */
export function readAmount(typed: string): Amount | undefined {
  const number = readNumber(typed)
  try {
    return number === undefined ? undefined : parseMyst(number)
  } catch {
    return undefined
  }
}

/** What to say about a text that `readNumber` refuses, or whoever took its number. */
export function numberProblem(typed: string, otherwise: string): string {
  const [, thousands, hundreds] = AMBIGUOUS.exec(typed.trim()) ?? []
  if (thousands === undefined) return otherwise
  return m.app.ambiguous(`${thousands}${hundreds}`, `${thousands}${decimalSign()}${hundreds}0`)
}

/** "18.437" → "18,4370": as this language writes it, without groups, so that `readNumber` takes it back unchanged. */
export function typeNumber(decimal: string): string {
  return decimal.replace(AMBIGUOUS, '$&0').replace('.', decimalSign())
}
