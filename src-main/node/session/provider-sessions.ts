import { randomBytes } from 'node:crypto'
import type { Proposal, ServiceTypeName } from '#shared/model/proposal.ts'
import { REFUSALS, type RefusalReason } from '#shared/model/refusal.ts'
import type { ServedSession } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'

import type { Logger } from '../lib/logger.ts'
import type { PaymentLink, Payments } from '../payments/create-payments.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogue, Dialogues, Reply } from '../ports/dialogue.ts'
import type { ServiceProvider } from '../ports/service-type.ts'
import {
  SESSION_ACCEPT,
  SESSION_CLOSE,
  SESSION_CLOSED,
  SESSION_CREATE,
  SESSION_FAILED,
  SESSION_OPENED,
  SESSION_RECORD,
  SESSION_REFUSE,
  sessionCreate,
  sessionNamed,
  sessionRecord,
} from '../protocol/session.ts'
import type { SessionRepository } from '../storage/session-repository.ts'
import { createServed, PROVIDER_TIMING, type ProviderTiming, type Served } from './provider/served-session.ts'
import type { ServingLimits } from './provider/serving-limits.ts'
import type { Records } from './records.ts'

export type ProviderSessionsDeps = {
  dialogues: Dialogues
  payments: Payments
  /** The services that run; one that fails later may be taken out by its owner. */
  services: ReadonlyMap<ServiceTypeName, ServiceProvider>
  /** One's own proposal of this serial, if it is valid now. */
  offered: (serial: number) => Proposal | undefined
  /** When nobody is served; without it always somebody is. */
  limits?: ServingLimits
  clock: Clock
  repository: SessionRepository
  records: Records
  log: Logger
}

export type ProviderSessionsOptions = {
  /** Over all services. */
  maxSessions: number
  timing?: Partial<ProviderTiming>
  newSessionId?: () => string
}

export type ProviderSessions = {
  /** Serves the peer of a dialogue that this side opened (incoming ones are served by themselves). */
  serve(dialogue: Dialogue): void
  list(): ServedSession[]
  /** Called when `list` changes, at most about once a second per session. */
  onChange(handle: () => void): () => void
  /** Called when a consumer has signed the record of a session that is over. */
  onSigned(handle: () => void): () => void
  /** Tells the consumers, ends every session, waits a little for what they sign, and takes no new ones. */
  stop(cause?: SessionEnd): Promise<void>
}

/**
 * The provider's side of service sessions (whitepaper 6.6.3). A session is opened for a proposal that is
 * valid now, at an hour and in a month in which there is something to sell, while there is room, for a consumer that has something left: one that has paid ahead, or
 * that was given a free trial. All sessions of a dialogue end with it.
 */
export function createProviderSessions(deps: ProviderSessionsDeps, options: ProviderSessionsOptions): ProviderSessions {
  const { clock, log, repository, records, limits } = deps
  const timing = { ...PROVIDER_TIMING, ...options.timing }
  const newSessionId = options.newSessionId ?? (() => randomBytes(16).toString('hex'))
  const sessions = new Map<string, Served>()
  const listeners = new Set<() => void>()
  const signedListeners = new Set<(sessionId: string) => void>()
  const attached = new WeakSet<Dialogue>()
  /** Admissions under way take a place too. */
  let admitting = 0
  let stopped = false

  const changed = () => {
    for (const listener of [...listeners]) listener()
  }

  const refuse = (reason: RefusalReason): Reply => ({ type: SESSION_REFUSE, body: { reason } })

  async function create(dialogue: Dialogue, link: PaymentLink, body: unknown): Promise<Reply> {
    const { proposal: asked, serviceData } = sessionCreate.parse(body)
    if (stopped) return refuse('shutting-down')
    const closed = limits?.closed()
    if (closed) return refuse(closed.reason)
    const proposal = deps.offered(asked.serial)
    if (proposal?.provider !== asked.provider) return refuse('proposal-unknown')
    const service = deps.services.get(proposal.serviceType)
    if (!service) return refuse('service-unavailable')
    if (sessions.size + admitting >= options.maxSessions) return refuse('sessions-full')
    if (proposal.pricePerUnit > 0n && link.benefiter.leftover() === 0n) return refuse('payment-required')
    const id = newSessionId()
    let answer: unknown
    admitting++
    try {
      answer = await service.admit(id, dialogue.peer, serviceData)
    } catch (error) {
      log.info(`${proposal.serviceType} did not admit ${dialogue.peer}: ${error instanceof Error ? error.message : ''}`)
      return refuse(reasonOf(error))
    } finally {
      admitting--
    }
    // While the service was busy everything may have ended.
    if (stopped || dialogue.state !== 'open') {
      await service.end(id)
      return refuse('shutting-down')
    }
    const closing = limits?.closed()
    if (closing) {
      await service.end(id)
      return refuse(closing.reason)
    }
    const served = createServed(
      {
        ...{ service, dialogue, link, repository, records, clock, log, timing, changed },
        carried: (bytes) => limits?.carried(bytes),
        over: (one) => void sessions.delete(one.id),
      },
      { id, proposal },
    )
    sessions.set(id, served)
    changed()
    return { type: SESSION_ACCEPT, body: { sessionId: id, serviceData: answer } }
  }

  /** A session of this very dialogue; nobody speaks for another's. */
  const find = (dialogue: Dialogue, body: unknown): Served | undefined => {
    const served = sessions.get(sessionNamed.parse(body).sessionId)
    return served?.dialogue === dialogue ? served : undefined
  }

  async function endAll(which: (served: Served) => boolean, cause: SessionEnd): Promise<void> {
    await Promise.all([...sessions.values()].filter(which).map((served) => served.end(cause, true)))
    changed()
  }

  function serve(dialogue: Dialogue) {
    if (attached.has(dialogue)) return
    attached.add(dialogue)
    // A peer has one dialogue at a time: what it had in another one is over, and taken from what is left.
    const settled = endAll(
      (served) => served.dialogue.peer === dialogue.peer && served.dialogue !== dialogue,
      'dialogue-ended',
    )
    const link = deps.payments.attach(dialogue, settled)
    dialogue.handle(SESSION_CREATE, async (body) => {
      await settled
      return create(dialogue, link, body)
    })
    dialogue.handle(SESSION_OPENED, (body) => {
      find(dialogue, body)?.opened()
      return undefined
    })
    dialogue.handle(SESSION_FAILED, async (body) => {
      await find(dialogue, body)?.end('tunnel-failed', false)
      changed()
      return undefined
    })
    dialogue.handle(SESSION_CLOSE, async (body) => {
      const { sessionId } = sessionNamed.parse(body)
      await find(dialogue, body)?.end('consumer-closed', false)
      changed()
      return { type: SESSION_CLOSED, body: { sessionId, end: 'consumer-closed' } }
    })
    dialogue.handle(SESSION_RECORD, (body) => {
      const { sessionId, signature } = sessionRecord.parse(body)
      const record = records.complete(dialogue.peer, sessionId, signature)
      if (!record) log.info(`${dialogue.peer} did not sign the last record of session ${sessionId}`)
      else if (record.content.end !== 'running') for (const handle of [...signedListeners]) handle(sessionId)
      return undefined
    })
    void dialogue.closed.then(() => endAll((served) => served.dialogue === dialogue, 'dialogue-ended'))
  }

  /** Resolves when the consumer has signed the end, or is gone. */
  const signedOrGone = ({ id, dialogue }: Served) =>
    new Promise<unknown>((resolve) => {
      signedListeners.add((sessionId) => sessionId === id && resolve(undefined))
      void dialogue.closed.then(resolve)
    })

  const unsubscribes = [
    deps.dialogues.onIncoming(serve),
    limits?.onChange(() => {
      const closed = limits.closed()
      if (closed && sessions.size > 0) void endAll(() => true, closed.reason)
    }) ?? (() => undefined),
    ...[...deps.services].map(([type, service]) =>
      service.onLost((sessionId, message) => {
        log.warn(`${type}: ${message}`)
        void endAll(
          ({ id, proposal }) => proposal.serviceType === type && (sessionId === undefined || id === sessionId),
          'tunnel-failed',
        )
      }),
    ),
  ]

  return {
    serve,
    list: () => [...sessions.values()].map((served) => served.view()),
    onChange(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
    onSigned(handle) {
      signedListeners.add(handle)
      return () => void signedListeners.delete(handle)
    },
    async stop(cause = 'provider-closed') {
      stopped = true
      for (const unsubscribe of unsubscribes) unsubscribe()
      const signed = Promise.all([...sessions.values()].map(signedOrGone))
      await endAll(() => true, cause)
      const patience = Promise.withResolvers<void>()
      const cancel = clock.after(timing.signMs, patience.resolve)
      await Promise.race([signed, patience.promise])
      cancel()
    },
  }
}

/** From who shares nothing now: a consumer that still lists one of its offers learns it before it pays or waits. */
export function refuseToServe(dialogue: Dialogue): void {
  dialogue.send(SESSION_REFUSE, { reason: 'not-sharing' }).catch(() => undefined)
}

function reasonOf(error: unknown): RefusalReason {
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined
  return typeof reason === 'string' && Object.hasOwn(REFUSALS, reason)
    ? (reason as RefusalReason)
    : 'service-unavailable'
}
