import type { Proposal } from '#shared/model/proposal.ts'
import type { Metering, ServedSession } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'

import type { Logger } from '../../lib/logger.ts'
import type { PaymentLink } from '../../payments/create-payments.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Dialogue } from '../../ports/dialogue.ts'
import type { ServiceProvider, Traffic } from '../../ports/service-type.ts'
import { meteringBody, SESSION_CLOSED, SESSION_METERING } from '../../protocol/session.ts'
import type { SessionRepository } from '../../storage/session-repository.ts'
import { costOf, NO_METERING } from '../cost.ts'
import type { Records } from '../records.ts'

/** All in milliseconds. */
export type ProviderTiming = {
  /** Metering is sent so often (PROTOCOL, Session) … */
  meteringMs: number
  /** … and looked at so often, so that a fast consumer does not outrun what it has paid. */
  pollMs: number
  /** How long a session goes on with nothing left, after asking once more. */
  graceMs: number
  /** How long a consumer may take to establish the data channel. */
  openMs: number
  /** How long a provider that stops waits for the signatures of those it serves. */
  signMs: number
}

export const PROVIDER_TIMING: ProviderTiming = {
  meteringMs: 10_000,
  pollMs: 1_000,
  graceMs: 5_000,
  openMs: 60_000,
  signMs: 2_000,
}

export type Served = {
  readonly id: string
  readonly dialogue: Dialogue
  readonly proposal: Proposal
  view(): ServedSession
  /** The consumer says that the data channel stands. */
  opened(): void
  /** Ends it once; the first cause is the one that is recorded. Resolves when the last metering is sent. */
  end(cause: SessionEnd, tell: boolean): Promise<void>
}

/**
 * One session as the provider runs it (whitepaper 6.6.3):
 *
 *   admitted ─ session-opened ─▸ open ─ leftover used up ─▸ grace ─▸ ended
 *      │                          ▲           paid │           ▲
 *      │ failed, or not in time   └────────────────┘           │
 *      └────────────────────── closed, lost, dialogue over ────┘
 *
 * Bytes count from admission, time from the moment the channel stands or the first byte passed.
 */
export function createServed(
  deps: {
    service: ServiceProvider
    dialogue: Dialogue
    link: PaymentLink
    repository: SessionRepository
    records: Records
    clock: Clock
    log: Logger
    timing: ProviderTiming
    changed: () => void
    /** Bytes that passed since the last call, both ways. */
    carried: (bytes: bigint) => void
    /** Called once, when everything is over. */
    over: (served: Served, cause: SessionEnd) => void
  },
  session: { id: string; proposal: Proposal },
): Served {
  const { service, dialogue, link, repository, records, clock, log, timing } = deps
  const { id, proposal } = session
  const { peer } = dialogue
  const startedAtMs = clock.now()
  let openedAtMs: number | undefined
  let metering: Metering = NO_METERING
  let meteredAtMs = startedAtMs
  let countedBytes = 0n
  let ended: { cause: SessionEnd; done: Promise<void> } | undefined
  let cancelGrace: (() => void) | undefined

  const count = ({ bytesUp, bytesDown }: Traffic) => {
    const fresh = bytesUp + bytesDown - countedBytes
    if (fresh <= 0n) return
    countedBytes += fresh
    deps.carried(fresh)
  }

  const measure = (traffic: Traffic): Metering => {
    if (openedAtMs === undefined && traffic.bytesUp + traffic.bytesDown > 0n) openedAtMs = clock.now()
    const most = (a: bigint, b: bigint) => (a > b ? a : b)
    const usage = {
      bytesUp: most(traffic.bytesUp, metering.bytesUp),
      bytesDown: most(traffic.bytesDown, metering.bytesDown),
      durationMs: Math.max(openedAtMs === undefined ? 0 : clock.now() - openedAtMs, metering.durationMs),
    }
    return { ...usage, cost: costOf(proposal, usage) }
  }

  const record = (end?: SessionEnd) =>
    repository.save({
      sessionId: id,
      role: 'provider',
      peer,
      serial: proposal.serial,
      serviceType: proposal.serviceType,
      startedAtMs,
      ...(end ? { endedAtMs: clock.now(), end } : {}),
      metering,
    })

  /** Takes the cost so far from the leftover, writes it down with its signature, and then tells. */
  function meter(next: Metering, end?: SessionEnd): void {
    metering = next
    meteredAtMs = clock.now()
    const promise = link.benefiter.lastPromise()
    const moment = { startedAtMs, endedAtMs: meteredAtMs, end: end ?? ('running' as const), metering, promise }
    const content = records.describe({ id, proposal, consumer: peer }, moment)
    let signature = ''
    const { leftover, unpaid } = link.benefiter.charge(id, metering.cost, () => {
      record(end)
      signature = records.sign(content)
    })
    if (dialogue.state === 'open') {
      dialogue.send(SESSION_METERING, meteringBody(content, signature)).catch((error: unknown) => {
        log.debug(`metering of ${id} was not delivered: ${String(error)}`)
      })
      link.benefiter.adviseIfMoved()
    }
    deps.changed()
    if (end || proposal.pricePerUnit === 0n) return
    if (unpaid > 0n || leftover === 0n) exhausted()
    else stopGrace()
  }

  function exhausted() {
    if (cancelGrace || ended) return
    link.benefiter.advise().catch(() => undefined)
    cancelGrace = clock.after(timing.graceMs, () => void end('leftover-exhausted', true))
  }

  function stopGrace() {
    cancelGrace?.()
    cancelGrace = undefined
  }

  function poll() {
    if (ended) return
    const traffic = service.traffic(id)
    count(traffic)
    if (ended) return
    const next = measure(traffic)
    const fresh = next.cost - metering.cost
    const isDue = clock.now() - meteredAtMs >= timing.meteringMs
    if (isDue || (fresh > 0n && fresh * 10n > link.benefiter.leftover())) meter(next)
  }

  async function finish(cause: SessionEnd, tell: boolean): Promise<void> {
    for (const cancel of cancels) cancel()
    stopGrace()
    let last = service.traffic(id)
    try {
      last = await service.end(id)
    } catch (error) {
      log.error(`session ${id} did not end cleanly: ${error instanceof Error ? error.message : String(error)}`)
    }
    count(last)
    meter(measure(last), cause)
    if (tell && dialogue.state === 'open') {
      dialogue.send(SESSION_CLOSED, { sessionId: id, end: cause }).catch(() => undefined)
    }
    deps.over(served, cause)
  }

  function end(cause: SessionEnd, tell: boolean): Promise<void> {
    if (!ended) {
      // Set first: nothing that `finish` calls may end it again.
      const start = Promise.resolve().then(() => finish(cause, tell))
      ended = { cause, done: start }
      log.info(`session ${id} of ${peer} ends: ${cause}`)
    }
    return ended.done
  }

  record()
  const cancels = [
    clock.every(timing.pollMs, poll),
    clock.after(timing.openMs, () => {
      if (openedAtMs === undefined) void end('tunnel-failed', true)
    }),
    // What is owed is taken before the issuer hears that its promise was accepted.
    link.benefiter.onCredit(() => {
      if (ended) return
      const { leftover, unpaid } = link.benefiter.charge(id, metering.cost, () => undefined)
      if (unpaid === 0n && leftover > 0n) stopGrace()
      deps.changed()
    }),
  ]

  const served: Served = {
    id,
    dialogue,
    proposal,
    view: () => ({
      sessionId: id,
      consumer: peer,
      serial: proposal.serial,
      serviceType: proposal.serviceType,
      startedAtMs,
      metering,
      leftover: link.benefiter.leftover(),
    }),
    opened() {
      openedAtMs ??= clock.now()
    },
    end,
  }
  return served
}
