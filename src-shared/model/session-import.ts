import { z } from 'zod'
import { firstProblem } from '../errors/first-problem.ts'
import { identityId } from './identity.ts'
import { type RecordContent, signedRecord } from './signed-record.ts'

const decimal = z.string().regex(/^\d{1,40}$/)

/** The file that sessions are exported as, as far as it is checked: what is signed, and the figures beside it. */
const sessionExport = z.object({
  format: z.literal('mysterium-sessions'),
  version: z.literal(1),
  sessions: z
    .array(
      z.object({
        sessionId: z.string().max(100),
        role: z.enum(['consumer', 'provider']),
        peer: identityId,
        serial: z.number(),
        serviceType: z.string().max(20),
        metering: z.object({ cost: decimal, bytesUp: decimal, bytesDown: decimal, durationMs: z.number() }),
        signed: z.object({ byBoth: signedRecord.optional(), alone: signedRecord.optional() }).optional(),
      }),
    )
    .max(1_000),
})
export type ExportedSession = z.output<typeof sessionExport>['sessions'][number]

/** The sessions of such a file; throws one sentence for anything else. */
export function readExport(text: string): ExportedSession[] {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
  const result = sessionExport.safeParse(data)
  if (result.success) return result.data.sessions
  throw new Error(firstProblem(result.error, 'it'))
}

/** What a session says beside its last record that this record does not; undefined: nothing. */
export function contradiction(session: ExportedSession): string | undefined {
  const { role, peer, metering, signed } = session
  const last = signed?.alone ?? signed?.byBoth
  if (!last) return undefined
  const { content } = last
  const said: Partial<Record<keyof RecordContent, unknown>> = {
    sessionId: session.sessionId,
    [role === 'consumer' ? 'provider' : 'consumer']: peer,
    serviceType: session.serviceType,
    offerSerial: session.serial,
  }
  const { cost, bytesUp, bytesDown, durationMs } = metering
  const figures = { cost: BigInt(cost), bytesUp: BigInt(bytesUp), bytesDown: BigInt(bytesDown), durationMs }
  // While it ran, what was metered may have gone beyond what was signed.
  const all = Object.entries(content.end === 'running' ? said : { ...said, ...figures })
  return all.find(([name, value]) => content[name as keyof RecordContent] !== value)?.[0]
}
