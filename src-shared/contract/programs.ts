import { z } from 'zod'
import { plainText } from '../model/plain-text.ts'
import type { MeteringUnit } from '../model/proposal.ts'
import type { ConnectionState } from '../model/session.ts'
import type { Amount } from '../model/units.ts'
import { country, unit } from './fields.ts'

/**
 * A program of the person's with a connection of its own: a name, a budget of MYST, a fixed SOCKS port on 127.0.0.1 and,
 * if asked for, a key of the local API (`docs/api.md`).
 */
export type ProgramView = {
  id: string
  name: string
  /** All that it may spend; raising it lets it go on. */
  budget: Amount
  /** Over its sessions, the greater of what was promised in it and what it cost. */
  spent: Amount
  socksPort: number
  country?: string
  maxPricePerUnit?: Amount
  unit?: MeteringUnit
  createdAtMs: number
  /** The last four characters of its key; absent: it has none. */
  keyHint?: string
  /** The key's last use, to the minute. */
  lastUsedAtMs?: number
  connection: ConnectionState
}

/** `address` only while it listens; `problem`, one sentence, when it is switched on and does not. */
export type ApiState = { address?: string; problem?: string }

export const MAX_NAME = 40
/** Each may hold a connection, so there is an end to them. */
export const MAX_PROGRAMS = 32

/** Shown in pages, menus and terminals: what `plainText` leaves of it is all of it. */
const name = z
  .string()
  .min(1, 'a program needs a name')
  .refine(
    (text) => text.length <= MAX_NAME && plainText(text, MAX_NAME) === text,
    `a name is one line of at most ${MAX_NAME} visible characters`,
  )
const amount = (least: bigint, sentence: string) =>
  z
    .bigint('an amount is a whole number of base units of MYST')
    .min(least, sentence)
    .max(2n ** 128n, 'this is more MYST than there can be')

export const programId = z.string().regex(/^[0-9a-f]{16}$/, 'this is no program; "myst program list" names them')

export const programTerms = z.object({
  name,
  budget: amount(0n, 'a budget cannot be below 0 MYST'),
  country: country.nullable().optional(),
  maxPricePerUnit: amount(0n, 'a price cannot be below 0 MYST').nullable().optional(),
  unit: unit.nullable().optional(),
  /** Chosen by the node when none is named. */
  socksPort: z.number().int().min(1024, 'choose a port from 1024 on').max(65_535).optional(),
})
/** Null takes a wish back. */
export type ProgramTerms = z.output<typeof programTerms>
