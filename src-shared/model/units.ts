import { MystError } from '../errors/myst-error.ts'

/** MYST in base units (1 MYST = 10^18). Money is never a float anywhere in the house. */
export type Amount = bigint

export const MYST: Amount = 10n ** 18n
export const GIB = 2n ** 30n
export const HOUR_MS = 3_600_000n

/** `"1.5"` → 1500000000000000000n. Refuses signs, exponents, and more than 18 decimals. */
export function parseMyst(text: string): Amount {
  const match = /^(\d{1,30})(?:\.(\d{1,18}))?$/.exec(text.trim())
  if (!match?.[1]) {
    throw new MystError(
      'InvalidAmount',
      `"${text.slice(0, 40)}" is not an amount of MYST; write a number such as 1.5, with at most 18 decimals.`,
    )
  }
  return BigInt(match[1]) * MYST + BigInt((match[2] ?? '').padEnd(18, '0'))
}

/** 1500000000000000000n → `"1.5"`; exact, never rounded. */
export function formatMyst(amount: Amount): string {
  const sign = amount < 0n ? '-' : ''
  const abs = amount < 0n ? -amount : amount
  const fraction = (abs % MYST).toString().padStart(18, '0').replace(/0+$/, '')
  return `${sign}${abs / MYST}${fraction ? `.${fraction}` : ''}`
}
