import { z } from 'zod'

/** What several inputs have, of people and of programs. */
export const country = z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166 alpha-2)')
export const unit = z.enum(['GiB', 'hour'])
