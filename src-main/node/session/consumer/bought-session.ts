import { isCountryCode } from '#shared/model/country-codes.ts'
import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { Metering } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import type { Amount } from '#shared/model/units.ts'
import { most } from '../../lib/amounts.ts'
import type { ServiceConsumer } from '../../ports/service-type.ts'
import { DIALOGUE_TIMING } from '../../protocol/limits.ts'
import { SESSION_CLOSE, SESSION_CLOSED, SESSION_FAILED, sessionClosed } from '../../protocol/session.ts'
import { costOf, TOLERANCE } from '../cost.ts'
import { type Attempt, endAttempt, type OpenSession } from './attempt.ts'
import type { Context } from './context.ts'
import { PROVIDER_ENDS } from './endings.ts'
import { createMeter } from './meter.ts'
import { countersign, isEnd, signAlone } from './sign-record.ts'

/** From session-accept on: listens to metering and to everything that can end the session. */
export function beginSession(context: Context, attempt: Attempt, id: string): OpenSession | undefined {
  const { dialogue, link, service, proposal } = attempt
  if (!dialogue || !link || !service || attempt.isOver) return undefined
  const meter = createMeter(
    { clock: context.deps.clock, timing: context.timing },
    {
      id,
      proposal,
      dialogue,
      traffic: () => service.traffic(),
      accepted(metering, proposed) {
        link.issuer.consume(id, metering.cost)
        record(context, attempt)
        if (proposed) countersign(context, attempt, session, metering, proposed)
      },
      disputed: (ending) => endAttempt(attempt, ending),
      heard: ({ cost }) => link.issuer.conduct.metered(id, cost),
    },
  )
  const session: OpenSession = { id, startedAtMs: context.deps.clock.now(), meter }
  attempt.session = session
  link.issuer.conduct.began(id)
  dialogue.handle(SESSION_CLOSED, (body) => {
    const { sessionId, end } = sessionClosed.parse(body)
    if (sessionId !== id) return undefined
    meter.settle()
    session.isClosed = true
    const known = end in PROVIDER_ENDS ? end : 'provider-closed'
    endAttempt(attempt, { end: known, message: PROVIDER_ENDS[known] ?? '' })
    return undefined
  })
  service.onLost((message) => endAttempt(attempt, { end: 'tunnel-failed', message }))
  record(context, attempt)
  return attempt.session
}

/** Writes the session down as it is; with `end` for good. */
function record(context: Context, attempt: Attempt, end?: SessionEnd, metering?: Metering): void {
  const { session, proposal, exit } = attempt
  if (!session) return
  const { program } = context.options
  // Both are words of strangers.
  const country = [exit?.country, proposal.originLocation.country].find((code) => code && isCountryCode(code))
  context.deps.repository.save({
    sessionId: session.id,
    role: 'consumer',
    peer: proposal.provider,
    serial: proposal.serial,
    serviceType: proposal.serviceType,
    startedAtMs: session.startedAtMs,
    ...(end ? { endedAtMs: context.deps.clock.now(), end } : {}),
    metering: metering ?? session.meter.metered(),
    ...(country === undefined ? {} : { country }),
    ...(program === undefined ? {} : { program }),
  })
}

/**
 * Takes everything down, whatever happens on the way: the tunnel first of all, then the session with
 * its last metering, then the dialogue.
 */
export async function takeDown(context: Context, attempt: Attempt, end: SessionEnd): Promise<void> {
  const { dialogue, service, session, link } = attempt
  const { log, clock } = context.deps
  attempt.isOver = true
  const own = session && service ? ownUsage(context, service, session) : undefined
  const stopping = service?.stop().catch((error: unknown) => {
    log.error(`the tunnel did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (session && dialogue?.state === 'open') {
    try {
      if (session.openedAtMs === undefined) {
        const patience = new Promise<void>((resolve) => void clock.after(context.timing.closeMs, resolve))
        await Promise.race([dialogue.send(SESSION_FAILED, { sessionId: session.id }), patience])
      } else {
        session.isClosing = true
        await dialogue.request(SESSION_CLOSE, { sessionId: session.id }, { timeoutMs: context.timing.closeMs })
        session.isClosed = true
      }
    } catch (error) {
      log.debug(`the provider did not answer the end of the session: ${String(error)}`)
    }
  }
  await stopping
  if (session && link) {
    const metering = finalMetering(attempt.proposal, session, own)
    session.meter.stop()
    link.issuer.consume(session.id, metering.cost)
    attempt.purse?.used(metering.cost)
    context.spent.used += metering.cost
    record(context, attempt, end, metering)
    signAlone(context, attempt, session, { end, metering })
    const { conduct, standing } = link.issuer
    if (attempt.ending?.misconduct) conduct.accuse(attempt.ending.misconduct, standing().leftover)
    conduct.ended(session.id, session.isClosed ? undefined : mostCost(attempt.proposal, own))
  }
  if (link) context.spent.ahead.set(attempt.proposal.provider, link.issuer.standing().leftover)
  attempt.purse?.end()
  await dialogue?.close()
  attempt.onOver?.()
}

/**
 * What is written down of a session: what both have counted and the provider said at the end. Where it did not come to
 * that, because the provider was gone or is not believed, what this side counted comes on top.
 */
function finalMetering(
  proposal: CopiedProposal,
  session: OpenSession,
  own: Omit<Metering, 'cost'> | undefined,
): Metering {
  const metered = session.meter.metered()
  const isAgreed = (session.isClosed || isEnd(session.signed)) && !session.meter.doubtful()
  if (isAgreed || !own || session.openedAtMs === undefined) return metered
  return {
    cost: most(metered.cost, costOf(proposal, own)),
    bytesUp: most(metered.bytesUp, own.bytesUp),
    bytesDown: most(metered.bytesDown, own.bytesDown),
    durationMs: Math.max(metered.durationMs, own.durationMs),
  }
}

/** What the provider may have counted at most by the time it notices that the session is over. */
function mostCost(proposal: CopiedProposal, own: Omit<Metering, 'cost'> | undefined): Amount {
  const atMost = (bytes = 0n) => bytes + (bytes * TOLERANCE.percent) / 100n + TOLERANCE.bytes
  const durationMs = (own?.durationMs ?? 0) + DIALOGUE_TIMING.silenceMs + Number(TOLERANCE.ms)
  return costOf(proposal, { bytesUp: atMost(own?.bytesUp), bytesDown: atMost(own?.bytesDown), durationMs })
}

/** By one's own counters; nothing before the data channel stood. */
export function ownUsage({ deps }: Context, service: ServiceConsumer, session: OpenSession) {
  const nowMs = deps.clock.now()
  return { ...service.traffic(), durationMs: nowMs - (session.openedAtMs ?? nowMs) }
}
