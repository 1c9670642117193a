import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { LiveSession } from '#shared/model/session.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'
import type { Amount } from '#shared/model/units.ts'

import type { PaymentLink } from '../../payments/create-payments.ts'
import type { Dialogue } from '../../ports/dialogue.ts'
import type { ServiceConsumer } from '../../ports/service-type.ts'
import type { Purse } from './budget.ts'
import type { Ending } from './endings.ts'
import type { Meter } from './meter.ts'

/** A session as the provider accepted it. */
export type OpenSession = {
  id: string
  startedAtMs: number
  /** When the data channel stood. */
  openedAtMs?: number
  /** This side has asked to close it. */
  isClosing?: boolean
  /** The provider has said that it is closed: its last metering is here. */
  isClosed?: boolean
  /** The record that both sides signed last. */
  signed?: RecordContent
  meter: Meter
}

/**
 * Everything that one attempt with one provider holds, filled step by step. Whatever is in it when the
 * attempt ends is taken down by `takeDown`, in any state, once.
 */
export type Attempt = {
  readonly proposal: CopiedProposal
  readonly askedAtMs: number
  dialogue?: Dialogue
  link?: PaymentLink
  service?: ServiceConsumer
  session?: OpenSession
  socksPort?: number
  exit?: LiveSession['exit']
  /** Where a budget bounds it. */
  purse?: Purse
  /** The provider said before anything was agreed that it serves nobody. */
  refusal?: RefusalReason
  /** The first thing that ends the session from outside; `onEnd` hears of it. */
  ending?: Ending
  onEnd?: () => void
  /** Being taken down: what arrives late is not taken up any more. */
  isOver?: boolean
  /** Everything is taken down. */
  onOver?: () => void
}

export function endAttempt(attempt: Attempt, ending: Ending): void {
  if (attempt.ending) return
  attempt.ending = ending
  attempt.onEnd?.()
}

/** Promised in this attempt. */
export function paidIn(attempt: Attempt): Amount {
  return attempt.link?.issuer.standing().promisedHere ?? 0n
}
