import type { Proposal } from '#shared/model/proposal.ts'
import type { Metering } from '#shared/model/session.ts'

import type { Clock } from '../../ports/clock.ts'
import type { Dialogue } from '../../ports/dialogue.ts'
import type { Traffic } from '../../ports/service-type.ts'
import { SESSION_METERING, sessionMetering } from '../../protocol/session.ts'
import { judgeMetering, NO_METERING } from '../cost.ts'
import type { Ending } from './attempt.ts'
import type { ConsumerTiming } from './context.ts'

export type Meter = {
  /** The last metering that was believed. */
  metered(): Metering
  /** True while a metering is in doubt: nothing is paid then. */
  doubtful(): boolean
  stop(): void
}

const SENTENCES = {
  overpriced: 'The provider charged more than the price it had signed.',
  'metering-disputed': 'The provider counted more traffic than passed through the tunnel.',
} as const

/**
 * Listens to the provider's metering and compares it with one's own counters and with the signed price.
 * What goes beyond is looked at once more a little later, because the provider may have counted what is
 * still on the way; then it is a dispute.
 */
export function createMeter(
  { clock, timing }: { clock: Clock; timing: Pick<ConsumerTiming, 'recheckMs'> },
  session: {
    id: string
    proposal: Proposal
    dialogue: Dialogue
    traffic: () => Traffic
    accepted: (metering: Metering) => void
    disputed: (ending: Ending) => void
  },
): Meter {
  const startedAtMs = clock.now()
  let metered: Metering = NO_METERING
  let doubt: (() => void) | undefined
  let isOver = false

  const judge = (next: Metering) =>
    judgeMetering(session.proposal, next, { ...session.traffic(), durationMs: clock.now() - startedAtMs }, metered)

  const accept = (next: Metering) => {
    metered = next
    session.accepted(next)
  }

  const dispute = (end: keyof typeof SENTENCES) => {
    isOver = true
    session.disputed({ end, message: SENTENCES[end] })
  }

  session.dialogue.handle(SESSION_METERING, (body) => {
    const { sessionId, ...next } = sessionMetering.parse(body)
    if (sessionId !== session.id || isOver) return undefined
    const verdict = judge(next)
    if (!verdict) {
      doubt?.()
      doubt = undefined
      accept(next)
    } else if (verdict === 'overpriced') dispute(verdict)
    else {
      // One recheck at a time: a stream of doubtful metering does not put it off.
      doubt ??= clock.after(timing.recheckMs, () => {
        doubt = undefined
        if (isOver) return
        const again = judge(next)
        if (again) dispute(again)
        else accept(next)
      })
    }
    return undefined
  })

  return {
    metered: () => metered,
    doubtful: () => doubt !== undefined || isOver,
    stop() {
      isOver = true
      doubt?.()
      doubt = undefined
    },
  }
}
