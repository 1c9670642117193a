import { z } from 'zod'
import { SESSION_ENDS } from '#shared/model/session-end.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'

import { decimal, refusalReason, signature } from './payment.ts'

/*
 * Messages of service sessions inside a dialogue (whitepaper 6.6.3). The correlation id is the
 * dialogue's. What the two halves of a service say to each other travels as `serviceData`, unread.
 *
 *   session-create    consumer →     which proposal; answered by one of the next two
 *   session-accept    ← provider     the session's id
 *   session-refuse    ← provider     why not; also unasked, at once, from who shares nothing now (`not-sharing`)
 *   session-opened    consumer →     the data channel stands
 *   session-failed    consumer →     it could not be established
 *   session-metering  ← provider     totals so far; a last one at the end; with the provider's signature under the record
 *   session-record    consumer →     its own signature under the record of the last metering that it believes
 *   session-close     consumer →     answered by session-closed, after the last metering
 *   session-closed    ← provider     also on its own, when the provider ends a session
 */
export const SESSION_CREATE = 'session-create'
export const SESSION_ACCEPT = 'session-accept'
export const SESSION_REFUSE = 'session-refuse'
export const SESSION_OPENED = 'session-opened'
export const SESSION_FAILED = 'session-failed'
export const SESSION_METERING = 'session-metering'
export const SESSION_RECORD = 'session-record'
export const SESSION_CLOSE = 'session-close'
export const SESSION_CLOSED = 'session-closed'

/** 16 random bytes: nobody guesses another's session, and it is safe in a file name or a certificate. */
const sessionId = z.string().regex(/^[0-9a-f]{32}$/)

/** Bounded by the largest message; the service parses it with its own schema. */
const serviceData = z.unknown()

export const sessionCreate = z.object({
  /** The terms: provider and serial name them for good (whitepaper 6.4.2). */
  proposal: z.object({
    provider: z.string().regex(/^0x[0-9a-f]{40}$/),
    serial: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  }),
  serviceData,
})
export const sessionAccept = z.object({ sessionId, serviceData })
export const sessionRefuse = z.object({ reason: refusalReason })
/** Body of session-opened, session-failed and session-close. */
export const sessionNamed = z.object({ sessionId })

const milliseconds = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** What the consumer cannot know by itself of the record that the provider signed; the rest it fills in as it sees it. */
const proposedRecord = z.object({
  startedAtMs: milliseconds,
  endedAtMs: milliseconds,
  end: z.enum(['running', ...SESSION_ENDS]),
  promiseSerial: decimal,
  promiseAmount: decimal,
  signature,
})
export type ProposedRecord = z.output<typeof proposedRecord>

export const sessionMetering = z.object({
  sessionId,
  cost: decimal,
  bytesUp: decimal,
  bytesDown: decimal,
  durationMs: milliseconds,
  // The figures count, whatever is wrong with this.
  record: proposedRecord.optional().catch(undefined),
})
export const sessionRecord = z.object({ sessionId, signature })

export const sessionClosed = z.object({
  sessionId,
  end: z.enum(SESSION_ENDS),
})

/** A metering with the record that the provider signed of it. */
export function meteringBody(content: RecordContent, signature: string) {
  const { startedAtMs, endedAtMs, end } = content
  return {
    sessionId: content.sessionId,
    cost: content.cost.toString(),
    bytesUp: content.bytesUp.toString(),
    bytesDown: content.bytesDown.toString(),
    durationMs: content.durationMs,
    record: {
      ...{ startedAtMs, endedAtMs, end, signature },
      promiseSerial: content.promiseSerial.toString(),
      promiseAmount: content.promiseAmount.toString(),
    },
  }
}
