import { MystError } from '#shared/errors/myst-error.ts'
import { MISCONDUCT } from '#shared/model/misconduct.ts'
import type { CopiedProposal } from '#shared/model/proposal.ts'
import { REFUSALS } from '#shared/model/refusal.ts'
import type { ConnectionFailure, ConnectStep, StepRecord } from '#shared/model/session.ts'

import type { PaymentLink } from '../../payments/create-payments.ts'
import type { Dialogue } from '../../ports/dialogue.ts'
import type { ServiceConsumer } from '../../ports/service-type.ts'
import {
  SESSION_ACCEPT,
  SESSION_CREATE,
  SESSION_OPENED,
  SESSION_REFUSE,
  sessionAccept,
  sessionRefuse,
} from '../../protocol/session.ts'
import { type Attempt, endAttempt, paidIn } from './attempt.ts'
import { beginSession, takeDown } from './bought-session.ts'
import { type Context, type Stop, unlessAborted, withDeadline } from './context.ts'
import { budgetUsedUp, Failed, holdsMore, NOT_ANSWERED, NotVerified, notPaid, sentenceOf } from './failed.ts'
import { verify } from './verify.ts'

export type Progress = { step: ConnectStep; startedAtMs: number; steps: StepRecord[] }

/**
 * `cancelled`: by the person or the end of the program; nothing was taken down yet. `hopeless`: the person refused
 * what every provider needs, and is not asked again for each; or nothing is left to pay any of them. `unnamed`: the
 * person's own name server is silent, which with the next provider would most likely be the same.
 */
export type Tried = { attempt: Attempt; paid: bigint } & (
  | { kind: 'verified'; steps: StepRecord[] }
  | { kind: 'failed' | 'hopeless' | 'unnamed' | 'cancelled'; failure: ConnectionFailure }
)

/**
 * One attempt with one provider, from asking it to verified traffic; what failed is taken down. It gets at most
 * the first small payment. A cancel aborts whatever is under way. `show` is called at each step. Unless `isCounted` a
 * failure is no further one of that provider: it was asked before, for the same loss. With `reachMs` it is waited for no
 * longer than that.
 */
export async function tryProvider(
  context: Context,
  proposal: CopiedProposal,
  show: (progress: Progress) => void,
  { isCounted = true, reachMs }: { isCounted?: boolean; reachMs?: number | undefined } = {},
): Promise<Tried> {
  const { deps, signal } = context
  const attempt: Attempt = { proposal, askedAtMs: deps.clock.now() }
  context.options.onAttempt?.(attempt)
  const progress: Progress = { step: 'reach-provider', startedAtMs: attempt.askedAtMs, steps: [] }
  try {
    await open(context, attempt, reachMs, progress, () => show({ ...progress }))
    deps.catalogue.recordSession(proposal.provider, deps.clock.now() - attempt.askedAtMs)
    return { kind: 'verified', attempt, paid: paidIn(attempt), steps: progress.steps }
  } catch (error) {
    const paid = paidIn(attempt)
    const { step } = progress
    if (signal.aborted) {
      const { end } = signal.reason as Stop
      const failure = { step, end, message: 'The connection attempt was cancelled.', paid }
      return { kind: 'cancelled', attempt, paid, failure }
    }
    const failure: ConnectionFailure = { step, ...sentenceOf(error, attempt), paid }
    deps.log.info(`${proposal.provider} did not work at ${step}: ${failure.message}`)
    const isGivenUp = attempt.ending?.end === 'consumer-closed'
    const isOurs = isGivenUp || (error instanceof MystError && OUR_OWN_FAILURES.has(error.name))
    // It answered at once and took nothing: that is no failure of its.
    if (failure.reason === 'proposal-unknown') deps.catalogue.recordGone(proposal)
    else if (!isOurs && isCounted) deps.catalogue.recordFailure(proposal.provider)
    await takeDown(context, attempt, failure.end ?? 'tunnel-failed')
    // The tunnel stood and one's own line works, so it is the provider that lets nothing through.
    const isProved = error instanceof NotVerified && error.gaveNothing && (await context.ownAddress()) !== undefined
    const held = attempt.link?.issuer.standing().leftover ?? 0n
    if (isProved && held > 0n) attempt.link?.issuer.conduct.accuse('gave-nothing', held)
    const isHopeless = error instanceof MystError && HOPELESS.has(error.name)
    const isUnnamed = error instanceof MystError && error.name === 'OwnResolverSilent'
    return { kind: isHopeless ? 'hopeless' : isUnnamed ? 'unnamed' : 'failed', attempt, paid, failure }
  }
}

/** With every other provider it would be the same. */
const HOPELESS = new Set(['ElevationRefused', 'BudgetUsedUp'])

/** What this machine or its user does not let the node do says nothing about a provider. */
const OUR_OWN_FAILURES = new Set([
  ...['ElevationRefused', 'NotPermitted', 'OpenVpnMissing', 'NoTunDevice', 'PortInUse', 'PortNotAllowed'],
  ...['BudgetUsedUp', 'BudgetTooSmall', 'ProviderInUse', 'OwnResolverSilent'],
])

async function open(
  context: Context,
  attempt: Attempt,
  reachMs: number | undefined,
  progress: Progress,
  show: () => void,
): Promise<void> {
  const { deps, timing, signal, options } = context
  const { proposal } = attempt
  const { clock } = deps
  const type = deps.serviceTypes.find(({ name }) => name === proposal.serviceType)
  if (!type) throw new Failed(`This node does not offer ${proposal.serviceType} connections.`)

  const step = async <T>(name: ConnectStep, work: () => Promise<T>): Promise<T> => {
    const startedAtMs = clock.now()
    progress.step = name
    show()
    // A session that ended on the other side must not be waited for.
    const ended = new Promise<never>((_, reject) => {
      attempt.onEnd = () => {
        const { refusal, ending } = attempt
        reject(refusal ? new Failed(REFUSALS[refusal], refusal) : new Failed(ending?.message ?? 'The session ended.'))
      }
      if (attempt.refusal || attempt.ending) attempt.onEnd()
    })
    const result = await unlessAborted(signal, Promise.race([work(), ended]))
    progress.steps = [...progress.steps, { step: name, durationMs: clock.now() - startedAtMs }]
    return result
  }

  // What the service needs on this machine, a password prompt included, is asked for before anything is paid.
  const preparing = type
    .createConsumer({
      ...(options.socksPort === undefined ? {} : { socksPort: options.socksPort }),
      controlEndpoints: deps.controlEndpoints,
      ...(deps.checks?.resolver === undefined ? {} : { nameServer: deps.checks.resolver }),
    })
    .then(async (service) => {
      attempt.service = service
      // Given up in the meantime: then nobody else will stop it.
      if (attempt.isOver) await service.stop()
      return service
    })
  preparing.catch(() => undefined) // awaited below, when the provider was reached

  const { dialogue, link } = await step('reach-provider', async () => {
    const dialogue = await deps.dialogues.open(proposal.provider, proposal.contacts, {
      ...{ signal, ...(reachMs !== undefined && { timeoutMs: reachMs }) },
    })
    const link = deps.payments.attach(dialogue)
    attempt.dialogue = dialogue
    attempt.link = link
    link.issuer.conduct.onMisconduct((kind) => {
      // Nothing it says of our money can be believed; for lesser things there is still the session.
      if (kind === 'wrong-leftover') endAttempt(attempt, { end: 'metering-disputed', message: MISCONDUCT[kind] })
    })
    dialogue.handle(SESSION_REFUSE, (body) => {
      if (attempt.session) return undefined
      attempt.refusal = sessionRefuse.parse(body).reason
      attempt.onEnd?.()
      return undefined
    })
    // Given up in the meantime: then nobody else will close it.
    if (attempt.isOver) await dialogue.close()
    signal.throwIfAborted()
    deps.serve?.(dialogue)
    void dialogue.closed.then((why) => endAttempt(attempt, { end: 'dialogue-ended', message: DIALOGUE_ENDS[why] }))
    return { dialogue, link }
  })

  const service = await step('agree-payment', async () => {
    const service = await preparing
    signal.throwIfAborted()
    await agreePayment(context, attempt, link)
    return service
  })

  const { session, data } = await step('open-session', async () => {
    const data = await openSession(dialogue, proposal, service)
    // Under a name that was used before it could put another record in the place of that session's.
    const isUsed = deps.repository.has('consumer', proposal.provider, data.sessionId)
    if (isUsed) throw new Failed('The provider answered with nonsense.')
    const session = beginSession(context, attempt, data.sessionId)
    if (!session) throw new Failed('The session could not be opened.')
    return { session, data: data.serviceData }
  })

  await step('start-tunnel', async () => {
    // Behind the guard nobody outside could be asked any more.
    if (type.guard) await context.ownAddress()
    const limited = withDeadline(clock, signal, timing.startMs)
    try {
      const { socksPort } = await service.start(data, limited.signal)
      if (socksPort !== undefined) {
        attempt.socksPort = socksPort
        // Programs were told of it: whoever comes next in this connection is reached there, too.
        context.options.socksPort = socksPort
      }
    } finally {
      limited.done()
    }
    session.openedAtMs = clock.now()
    await dialogue.send(SESSION_OPENED, { sessionId: session.id })
  })

  // Without a probe there is nobody to ask: a step that checks nothing is not shown as done.
  if (deps.probes.length === 0) return
  await step('verify-traffic', async () => {
    attempt.exit = await verify(context, service)
  })
}

/** The provider's advice, and the first small promise unless it still has something of ours. */
async function agreePayment(context: Context, attempt: Attempt, link: PaymentLink): Promise<void> {
  const { deps, timing, signal, maxAtRisk } = context
  const { budget } = context.options
  const limited = withDeadline(deps.clock, signal, timing.adviceMs)
  const advice = await link.issuer
    .advised(limited.signal)
    .catch(() => Promise.reject(new Failed('The provider did not say how it wants to be paid.')))
    .finally(limited.done)
  const minimum = advice.policy.minimumIncrease > 0n ? advice.policy.minimumIncrease : 1n
  const { claimed, leftover } = link.issuer.standing()
  const allowance = attempt.isOver ? undefined : budget?.begin(leftover)
  if (budget && !allowance) throw holdsMore()
  if (allowance) attempt.purse = allowance
  // Enough for a start: the rest is paid when the traffic was verified.
  if (attempt.proposal.pricePerUnit === 0n || claimed * 4n >= minimum) return
  const outcome = await link.issuer.payAhead({ target: minimum, maxAtRisk, allowance })
  if (outcome.kind === 'paid' || outcome.kind === 'enough' || link.issuer.standing().claimed > 0n) return
  if (allowance && allowance.left() < minimum) throw budgetUsedUp()
  throw notPaid(outcome, maxAtRisk)
}

async function openSession(dialogue: Dialogue, proposal: CopiedProposal, service: ServiceConsumer) {
  const reply = await dialogue.request(SESSION_CREATE, {
    proposal: { provider: proposal.provider, serial: proposal.serial },
    serviceData: service.request(),
  })
  if (reply.type === SESSION_REFUSE) {
    const { reason } = sessionRefuse.parse(reply.body)
    throw new Failed(REFUSALS[reason], reason)
  }
  const accepted = sessionAccept.safeParse(reply.body)
  if (reply.type !== SESSION_ACCEPT || !accepted.success) throw new Failed('The provider answered with nonsense.')
  return accepted.data
}

const DIALOGUE_ENDS = {
  'closed-here': 'The dialogue was closed.',
  'closed-by-peer': 'The provider ended the dialogue.',
  replaced: 'A new dialogue with the same provider took the place of this one.',
  silence: 'The provider does not answer any more.',
  'not-answered': NOT_ANSWERED,
  broken: 'The dialogue with the provider broke.',
} as const
