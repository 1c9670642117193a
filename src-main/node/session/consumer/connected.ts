import type { LiveSession } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import { most } from '../../lib/amounts.ts'
import type { PaymentLink } from '../../payments/create-payments.ts'
import { costOf } from '../cost.ts'
import { type Attempt, endAttempt, type OpenSession, paidIn } from './attempt.ts'
import { ownUsage } from './bought-session.ts'
import type { Context, Stop, Transition } from './context.ts'
import type { Ending } from './endings.ts'
import { BUDGET_USED_UP, notPaid } from './failed.ts'
import { createPace } from './pace.ts'
import { watchTunnel } from './watch-tunnel.ts'

/**
 * Lives until something ends the session: the person, the provider, the dialogue, the tunnel, or what
 * the metering says. Each second: own counters, rates, and whether to pay ahead. Whatever the person did
 * not ask for leads to reconnecting, unless nobody else could be paid either: the budget is used up.
 */
export async function connected(
  context: Context,
  { attempt, steps, before }: Extract<Transition, { to: 'connected' }>,
): Promise<Transition> {
  const { deps, timing, signal } = context
  const { link, service, session, proposal } = attempt
  const paid = () => before.paid + paidIn(attempt)
  const lost = (ending: Ending): Transition => {
    const isStable = deps.clock.now() - beganMs >= timing.stableMs
    const failure = { end: ending.end, message: ending.message, paid: paidIn(attempt) }
    if (ending.end === 'budget-used-up') return { to: 'disconnecting', attempt, failure: { ...failure, paid: paid() } }
    return { to: 'reconnecting', attempt, failure, before: { ...before, attempts: isStable ? 0 : before.attempts } }
  }
  const beganMs = deps.clock.now()
  if (!link || !service || !session) return lost({ end: 'tunnel-failed', message: 'The session is gone.' })

  const pace = createPace({ clock: deps.clock, proposal })
  const pay = createPaying(context, attempt, link, session)
  const tunnel = watchTunnel(context, service, {
    // Idle time costs as well then, so the tunnel has to show that it lives.
    alsoIdle: proposal.unit === 'hour',
    heardAtMs: session.meter.heardAtMs,
    failed: () =>
      endAttempt(attempt, { end: 'tunnel-failed', message: 'Nothing comes back through the tunnel any more.' }),
  })

  const tick = () => {
    const own = ownUsage(context, service, session)
    const { rateBps, costPerMinute } = pace.sample(own)
    const { leftover, promisedHere } = link.issuer.standing()
    const metered = session.meter.metered()
    const cost = most(metered.cost, costOf(proposal, own))
    const unpaid = pay.unpaid()
    const live: LiveSession = {
      sessionId: session.id,
      provider: proposal.provider,
      startedAtMs: session.openedAtMs ?? session.startedAtMs,
      ...(attempt.exit ? { exit: attempt.exit } : {}),
      bytesUp: own.bytesUp,
      bytesDown: own.bytesDown,
      metered,
      cost,
      leftover: most(leftover - (cost - metered.cost), 0n),
      promised: promisedHere,
      ...(unpaid ? { unpaid } : {}),
      ...(attempt.socksPort === undefined ? {} : { socksPort: attempt.socksPort }),
      rateBps,
    }
    const soFar = before.soFar && { before: { ...before.soFar, used: context.spent.used } }
    context.show({ name: 'connected', proposal, live, steps, ...soFar, ...(before.tried && { tried: before.tried }) })
    const ownCost = costOf(proposal, own)
    attempt.purse?.used(cost)
    pay.keepAhead(costPerMinute, ownCost - metered.cost, tunnel.isFlowing(own.bytesDown))
  }

  const cancelTick = deps.clock.every(timing.tickMs, tick)
  try {
    const ending = await new Promise<Ending>((resolve) => {
      const onAbort = () => resolve({ end: (signal.reason as Stop).end, message: '' })
      attempt.onEnd = () => resolve(attempt.ending ?? { end: 'tunnel-failed', message: 'The session is gone.' })
      signal.addEventListener('abort', onAbort, { once: true })
      if (attempt.ending) attempt.onEnd()
      else if (signal.aborted) onAbort()
      else tick()
    })
    if (!signal.aborted) return lost(pay.explain(ending))
    const { end } = signal.reason as Stop
    return { to: 'disconnecting', attempt, failure: { end, message: MESSAGES[end], paid: paid() } }
  } finally {
    cancelTick()
    tunnel.stop()
  }
}

const USED_UP: Ending = { end: 'budget-used-up', message: BUDGET_USED_UP }

const MESSAGES: Record<Stop['end'], string> = {
  'consumer-closed': 'You disconnected.',
  shutdown: 'The program was closed.',
}

/**
 * Keeps about a minute of use at the present rate paid ahead, at least the provider's minimum, and
 * within what may be at risk. Pays nothing while a metering is in doubt. What the provider metered beyond
 * one's own counters, and within the tolerance, was not earned either: it takes room of what may be at risk.
 */
function createPaying(context: Context, attempt: Attempt, link: PaymentLink, session: OpenSession) {
  const { deps, timing, maxAtRisk } = context
  const { clock } = deps
  const { purse: allowance } = attempt
  /** What the provider asks for at least, as it said last. */
  let least = 1n
  let isPaying = false
  let notBeforeMs = 0
  /** Why the last payment was not made: explains why the session ran out. */
  let obstacle: string | undefined
  /** The same as long as it stands in the way, unless the next metering may move it. */
  let unpaid: LiveSession['unpaid']

  async function pay(target: bigint, minimum: bigint, unearned: bigint): Promise<void> {
    const { leftover } = link.issuer.standing()
    const atMost = maxAtRisk - unearned
    const outcome =
      atMost - leftover < minimum
        ? ({ kind: 'limit', needed: minimum } as const)
        : await link.issuer.payAhead({ target, maxAtRisk: atMost, allowance })
    if (outcome.kind === 'paid' || outcome.kind === 'enough') {
      obstacle = undefined
      unpaid = undefined
      return
    }
    obstacle = notPaid(outcome, maxAtRisk).message
    // Metering may make room at any moment; everything else takes its time.
    if (outcome.kind === 'limit') return
    notBeforeMs = clock.now() + timing.payRetryMs
    unpaid = { message: obstacle, ...(outcome.kind === 'refused' ? { reason: outcome.reason } : {}) }
  }

  const mayNotPay = () => allowance !== undefined && allowance.left() < least
  /** What is held and promised already has become too much. */
  const mayNotUse = () => allowance !== undefined && allowance.left() < 0n

  return {
    /** `difference`: what was used by one's own counters, less the provider's metering. `isFlowing`: it may be paid. */
    keepAhead(costPerMinute: bigint, difference: bigint, isFlowing: boolean) {
      const [unmetered, unearned] = difference > 0n ? [difference, 0n] : [0n, -difference]
      if (isPaying || attempt.ending || session.meter.doubtful() || clock.now() < notBeforeMs) return
      void link.issuer.advised().then(
        ({ policy }) => {
          const minimum = policy.minimumIncrease > 0n ? policy.minimumIncrease : 1n
          least = minimum
          const target = costPerMinute > minimum ? costPerMinute : minimum
          const ahead = link.issuer.standing().claimed - unmetered
          // At a slower pace there is a whole minute of it again.
          if (isFlowing && ahead >= target) unpaid = undefined
          if (isPaying || attempt.proposal.pricePerUnit === 0n) return
          if (mayNotPay() && (ahead <= 0n || mayNotUse())) return endAttempt(attempt, USED_UP)
          if (!isFlowing || ahead * 2n >= target) return
          isPaying = true
          void pay(target + unmetered, minimum, unearned).finally(() => {
            isPaying = false
          })
        },
        () => undefined,
      )
    },
    unpaid: () => (mayNotPay() ? { reason: 'budget-used-up' as const, message: BUDGET_USED_UP } : unpaid),
    explain(ending: Ending): Ending {
      const isMoney: SessionEnd = 'leftover-exhausted'
      if (ending.end !== isMoney) return ending
      if (mayNotPay()) return USED_UP
      if (!obstacle) return ending
      return { end: ending.end, message: `${ending.message} ${obstacle}` }
    },
  }
}
