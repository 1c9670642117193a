import { z } from 'zod'
import type { Metering, SessionEnd } from '#shared/model/session.ts'

import { decimal, refusalReason } from './payment.ts'

/*
 * Messages of service sessions inside a dialogue (whitepaper 6.6.3). The correlation id is the
 * dialogue's. What the two halves of a service say to each other travels as `serviceData`, unread.
 *
 *   session-create    consumer →     which proposal; answered by one of the next two
 *   session-accept    ← provider     the session's id
 *   session-refuse    ← provider     why not
 *   session-opened    consumer →     the data channel stands
 *   session-failed    consumer →     it could not be established
 *   session-metering  ← provider     totals so far; a last one at the end
 *   session-close     consumer →     answered by session-closed, after the last metering
 *   session-closed    ← provider     also on its own, when the provider ends a session
 */
export const SESSION_CREATE = 'session-create'
export const SESSION_ACCEPT = 'session-accept'
export const SESSION_REFUSE = 'session-refuse'
export const SESSION_OPENED = 'session-opened'
export const SESSION_FAILED = 'session-failed'
export const SESSION_METERING = 'session-metering'
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

export const sessionMetering = z.object({
  sessionId,
  cost: decimal,
  bytesUp: decimal,
  bytesDown: decimal,
  durationMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
})

const ENDS = {
  'consumer-closed': true,
  'provider-closed': true,
  'leftover-exhausted': true,
  'outside-hours': true,
  'volume-used-up': true,
  'dialogue-ended': true,
  'tunnel-failed': true,
  'metering-disputed': true,
  overpriced: true,
  'not-verified': true,
  shutdown: true,
} as const satisfies Record<SessionEnd, true>

export const sessionClosed = z.object({
  sessionId,
  end: z.custom<SessionEnd>((value) => typeof value === 'string' && Object.hasOwn(ENDS, value)),
})

export function meteringBody(sessionId: string, { cost, bytesUp, bytesDown, durationMs }: Metering) {
  return {
    sessionId,
    cost: cost.toString(),
    bytesUp: bytesUp.toString(),
    bytesDown: bytesDown.toString(),
    durationMs,
  }
}
