import { z } from 'zod'

/** What several inputs have, of people and of programs. */
export const country = z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166 alpha-2)')
export const unit = z.enum(['GiB', 'hour'], 'the unit is GiB or hour')
export const amount = z
  .bigint('an amount is a whole number of base units of MYST')
  .min(0n, 'an amount cannot be negative')
  .max(2n ** 128n, 'this is more MYST than there can be')
