import { z } from 'zod'
import { country, unit } from '#shared/contract/fields.ts'
import { CONNECT_STEPS } from '#shared/model/session.ts'
import { SESSION_ENDS } from '#shared/model/session-end.ts'
import { parseMyst } from '#shared/model/units.ts'

/** What programs send and get. The same schemas parse what comes in and make `/v1/openapi.json`. */

const MYST = /^\d{1,30}(\.\d{1,18})?$/
const myst = z.string().regex(MYST, 'an amount is a decimal number of MYST such as "1.5"')
const mystIn = myst.transform(parseMyst)
const providerId = z.string().regex(/^0x[0-9a-f]{40}$/, 'a provider is 0x followed by 40 hexadecimal digits')
const bytes = z.number().int().min(0)
const instant = z.iso.datetime()

export const program = z
  .object({
    name: z.string(),
    budgetMyst: myst,
    spentMyst: myst,
    leftMyst: myst,
    socksPort: z.number().int().min(1).max(65_535),
  })
  .meta({ description: 'The program whose key was given.' })

export const proposalsQuery = z.strictObject({
  country: country.optional(),
  maxPrice: mystIn.optional().describe("MYST per unit; the program's own highest price holds as well."),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

export const proposals = z
  .object({
    proposals: z.array(
      z.object({
        provider: providerId,
        country: country.describe('Where the provider says that traffic leaves.'),
        unit,
        pricePerUnitMyst: myst,
        bandwidthMbps: z.number(),
      }),
    ),
  })
  .meta({ description: 'Offers of the service "socks", the cheapest first.' })

export const connectBody = z.strictObject({
  country: country.optional().describe("Instead of the program's own."),
  provider: providerId.optional(),
  maxPricePerUnit: mystIn.optional().describe("MYST; the program's own highest price holds as well."),
  unit: unit.optional().describe("Instead of the program's own."),
})

export const connectionQuery = z.strictObject({
  until: z.enum(['settled']).optional().describe('Answers once it is connected or disconnected.'),
  timeoutS: z.coerce.number().int().min(0).max(120).default(30).describe('Answers then as things are.'),
})

export const connection = z
  .object({
    state: z.enum(['disconnected', 'connecting', 'connected', 'reconnecting', 'disconnecting']),
    provider: providerId.optional(),
    country: country.optional(),
    step: z.enum(CONNECT_STEPS).optional(),
    exit: z.object({ address: z.string() }).optional().describe('As a third party sees it.'),
    startedAt: instant.optional(),
    bytesUp: bytes.optional(),
    bytesDown: bytes.optional(),
    costMyst: myst.optional().describe('Of this session, as the provider has metered it.'),
    proxy: z.string().optional().describe('There while it is connected, and only then does it take anything.'),
    message: z.string().optional().describe('Why it ended, or what was lost.'),
    end: z.enum(SESSION_ENDS).optional(),
  })
  .meta({ description: "The program's connection." })
export type ConnectionAnswer = z.output<typeof connection>

export const failure = z
  .object({ error: z.object({ name: z.string(), message: z.string() }) })
  .meta({ description: 'What went wrong: a name for programs, a sentence for people.' })
