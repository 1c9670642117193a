import type { Proposal } from '#shared/model/proposal.ts'
import type { Metering } from '#shared/model/session.ts'

import type { Clock } from '../../ports/clock.ts'
import type { Dialogue } from '../../ports/dialogue.ts'
import type { Traffic } from '../../ports/service-type.ts'
import { type ProposedRecord, SESSION_METERING, sessionMetering } from '../../protocol/session.ts'
import { judgeMetering, NO_METERING } from '../cost.ts'
import type { Ending } from './endings.ts'
import type { ConsumerTiming } from './timing.ts'

/** A metering with the record that the provider signed of it, and what one had counted oneself when it came. */
type Heard = { metering: Metering; record?: ProposedRecord | undefined; own: Traffic }

export type Meter = {
  /** The last metering that was believed. */
  metered(): Metering
  /** True while a metering is in doubt: nothing is paid then. */
  doubtful(): boolean
  /** When the provider last sent one, believed or not; at first the beginning of the session. */
  heardAtMs(): number
  /** Decides what is in doubt now: the provider has ended the session, nothing more will come. */
  settle(): void
  stop(): void
}

/** Bytes: the 4,096 packets that wait for a provider's OpenVPN, and its socket's buffer. */
const ON_THE_WAY = 8n * 2n ** 20n

const DISPUTES = {
  overpriced: { message: 'The provider charged more than the price it had signed.', misconduct: 'overpriced' },
  'metering-disputed': {
    message: 'The provider counted more traffic than passed through the tunnel.',
    misconduct: 'inflated-metering',
  },
} as const

/**
 * Listens to the provider's metering and compares it with one's own counters and with the signed price.
 * What goes beyond is looked at once more a little later, because the provider may have counted what is
 * still on the way; then it is a dispute. No more can have been on the way than buffers hold: else a fast
 * download would hide an inflated metering behind what came after it.
 */
export function createMeter(
  { clock, timing }: { clock: Clock; timing: Pick<ConsumerTiming, 'recheckMs'> },
  session: {
    id: string
    proposal: Proposal
    dialogue: Dialogue
    traffic: () => Traffic
    accepted: (metering: Metering, record: ProposedRecord | undefined) => void
    disputed: (ending: Ending) => void
    /** Every metering as it comes, believed or not. */
    heard: (metering: Metering) => void
  },
): Meter {
  const startedAtMs = clock.now()
  let metered: Metering = NO_METERING
  let doubt: { first: Heard; latest: Heard; cancel: () => void } | undefined
  let isOver = false
  let heardAtMs = startedAtMs

  const judge = ({ metering, own }: Heard) => {
    const now = session.traffic()
    const upTo = (counted: bigint, then: bigint) => (counted < then + ON_THE_WAY ? counted : then + ON_THE_WAY)
    const usage = {
      bytesUp: upTo(now.bytesUp, own.bytesUp),
      bytesDown: upTo(now.bytesDown, own.bytesDown),
      durationMs: clock.now() - startedAtMs,
    }
    return judgeMetering(session.proposal, metering, usage, metered)
  }

  const accept = ({ metering: next, record }: Heard) => {
    metered = next
    session.accepted(next, record)
  }

  const dispute = (end: keyof typeof DISPUTES) => {
    isOver = true
    session.disputed({ end, ...DISPUTES[end] })
  }

  /** After the second look there is no third; what came meanwhile gets its own two. */
  const decide = () => {
    if (!doubt || isOver) return
    const { first, latest, cancel } = doubt
    cancel()
    doubt = undefined
    const verdict = judge(first)
    if (verdict) return dispute(verdict)
    accept(first)
    if (latest !== first) look(latest)
  }

  const look = (next: Heard) => {
    const verdict = judge(next)
    if (verdict === 'overpriced') dispute(verdict)
    else if (verdict && doubt) doubt.latest = next
    else if (verdict) doubt = { first: next, latest: next, cancel: clock.after(timing.recheckMs, decide) }
    else {
      doubt?.cancel()
      doubt = undefined
      accept(next)
    }
  }

  session.dialogue.handle(SESSION_METERING, (body) => {
    const { sessionId, record, ...next } = sessionMetering.parse(body)
    if (sessionId !== session.id) return undefined
    heardAtMs = clock.now()
    session.heard(next)
    if (isOver) return undefined
    look({ metering: next, record, own: session.traffic() })
    return undefined
  })

  return {
    metered: () => metered,
    heardAtMs: () => heardAtMs,
    settle() {
      if (doubt) doubt.first = doubt.latest
      decide()
    },
    doubtful: () => doubt !== undefined || isOver,
    stop() {
      isOver = true
      doubt?.cancel()
      doubt = undefined
    },
  }
}
