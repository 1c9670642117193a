import { z } from 'zod'

/** What comes from the helper: answers and events, checked like everything from another process. */
const bytes = z.string().regex(/^\d{1,20}$/)
const commonName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
/** A person is shown it: one line, and nothing in it that moves a cursor or turns the writing round. */
const sentence = z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}]{0,500}$/u)
const message = sentence.optional()
const failure = z.object({ name: z.string().regex(/^[A-Za-z]{1,64}$/), message: sentence })
const device = z
  .string()
  .regex(/^[a-z0-9]{1,15}$/)
  .optional()

export const answerFrame = z.union([
  z.object({ id: z.number().int(), result: z.record(z.string(), z.unknown()) }),
  z.object({ id: z.number().int(), error: failure }),
])

export const eventFrame = z.discriminatedUnion('event', [
  z.object({ event: z.literal('tunnel'), state: z.enum(['starting', 'up', 'down']), device, message }),
  z.object({ event: z.literal('tunnel-unasked'), bytes }),
  z.object({ event: z.literal('server'), state: z.enum(['up', 'down']), message }),
  z.object({ event: z.literal('server-client'), state: z.enum(['here', 'gone']), commonName }),
  z.object({ event: z.literal('server-traffic'), commonName, bytesUp: bytes, bytesDown: bytes }),
])

export const networkResult = z.object({
  state: z.enum(['open', 'blocked', 'tunnel']),
  since: z.number().int().nonnegative().optional(),
})
export const trafficResult = z.object({ bytesUp: bytes, bytesDown: bytes })
export const tunnelResult = z.object({ device: z.string().regex(/^[a-z0-9]{1,15}$/) })
