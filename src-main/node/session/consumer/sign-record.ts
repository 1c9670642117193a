import type { Metering } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'

import { MESSAGING_LIMITS } from '../../protocol/limits.ts'
import { type ProposedRecord, SESSION_RECORD } from '../../protocol/session.ts'
import type { Attempt, OpenSession } from './attempt.ts'
import type { Context } from './context.ts'
import { PROVIDER_ENDS } from './endings.ts'

/**
 * Signs the record that came with a metering which was believed, if the rest of it is right too, and sends the
 * signature. What one knows oneself is filled in, so that a record with other parties, terms or figures than these, of
 * another session or another chain has no valid signature of the provider's. Once the end is signed nothing more is.
 */
export function countersign(
  { deps }: Context,
  { dialogue, link, proposal, ending }: Attempt,
  session: OpenSession,
  metering: Metering,
  { signature, promiseSerial, promiseAmount, ...moment }: ProposedRecord,
): void {
  if (!dialogue || !link || ending?.misconduct || isEnd(session.signed)) return
  const promise = { serial: promiseSerial, amount: promiseAmount }
  const isRight = isPlausible(deps.clock.now(), session, moment) && link.issuer.mayHold(promise)
  const content = deps.records.describe(
    { id: session.id, proposal, consumer: deps.records.own },
    { ...moment, metering, promise },
  )
  const own = isRight ? deps.records.countersign(content, signature) : undefined
  if (!own) {
    deps.log.info(`the record of session ${session.id} is not signed: it is not as this side knows it`)
    return
  }
  session.signed = content
  dialogue.send(SESSION_RECORD, { sessionId: session.id, signature: own }).catch((error: unknown) => {
    deps.log.debug(`the signature under the record of ${session.id} was not delivered: ${String(error)}`)
  })
}

/** At the end: signs how this side saw it, unless both have signed just that. */
export function signAlone(
  { deps }: Context,
  { link, proposal }: Attempt,
  session: OpenSession,
  { end, metering }: { end: SessionEnd; metering: Metering },
): void {
  if (!link || (isEnd(session.signed) && isOf(session.signed, metering))) return
  const { startedAtMs } = session
  const moment = { startedAtMs, endedAtMs: deps.clock.now(), end, metering, promise: link.issuer.lastPromise() }
  deps.records.sign(deps.records.describe({ id: session.id, proposal, consumer: deps.records.own }, moment))
}

export const isEnd = (content: RecordContent | undefined): content is RecordContent =>
  content !== undefined && content.end !== 'running'

const isOf = ({ bytesUp, bytesDown, durationMs, cost }: RecordContent, metering: Metering): boolean =>
  bytesUp === metering.bytesUp &&
  bytesDown === metering.bytesDown &&
  durationMs === metering.durationMs &&
  cost === metering.cost

/** By one's own clock, as far as clocks may differ; and an end that the provider can say, or that this side asked for. */
function isPlausible(
  nowMs: number,
  session: OpenSession,
  { startedAtMs, endedAtMs, end }: Pick<RecordContent, 'startedAtMs' | 'endedAtMs' | 'end'>,
): boolean {
  const isNear = (theirs: number, ours: number) => Math.abs(theirs - ours) <= MESSAGING_LIMITS.timeWindowMs
  const isSaid = end === 'consumer-closed' ? session.isClosing === true : end in PROVIDER_ENDS || end === 'running'
  return isSaid && startedAtMs <= endedAtMs && isNear(startedAtMs, session.startedAtMs) && isNear(endedAtMs, nowMs)
}
