import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { ConnectionFailure } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'

import type { Attempt } from './attempt.ts'
import { takeDown } from './bought-session.ts'
import { type Before, type Context, type Stop, type Transition, unlessAborted } from './context.ts'
import { type Progress, tryProvider } from './try-provider.ts'

/** Ends that nobody wished for; the same provider may do better at once. */
const MAY_RETURN: readonly SessionEnd[] = ['tunnel-failed', 'dialogue-ended']
/** It said that it goes: the others first. */
const LEFT: readonly SessionEnd[] = ['provider-closed', 'outside-hours', 'volume-used-up']

/** Neither minutes nor another attempt change it. Who does not share may just be starting again. */
const NOTHING_FOR_NOW: readonly RefusalReason[] = ['proposal-unknown', 'outside-hours', 'volume-used-up']

/**
 * A session was lost: takes it down, then tries the same provider and the next ones, of the same service type,
 * until one is verified. Nothing is let out in between, because nothing here opens the guard. The attempts are
 * counted, with a pause before each new round; a session that soon breaks again goes on counting.
 */
export async function reconnecting(
  context: Context,
  { attempt: lost, failure, before }: Extract<Transition, { to: 'reconnecting' }>,
): Promise<Transition> {
  const { deps, timing, signal } = context
  const sinceMs = deps.clock.now()
  context.closedAtMs = sinceMs
  let { paid, attempts } = before
  paid += failure.paid
  let last: ConnectionFailure | undefined
  let isAlone = false
  const show = (proposal: CopiedProposal, progress: Progress, retryAtMs?: number) => {
    const isBlocked = deps.serviceTypes.some(({ guard }) => guard?.stands)
    context.show({
      ...{ name: 'reconnecting', lost: failure.message, sinceMs, attempt: Math.max(1, attempts), isBlocked, proposal },
      ...{ atMost: timing.reconnectAttempts, ...(retryAtMs !== undefined && { retryAtMs }) },
      ...progress,
    })
  }
  /** What was lost stays the reason, however the attempts ended. */
  const summed = (): ConnectionFailure => {
    if (!last) return { ...failure, paid }
    const nobody = isAlone
      ? 'No other offer matches your choice, and this provider did not come back:'
      : 'Nobody could take over:'
    return { ...failure, message: `${failure.message} ${nobody} ${last.message}`, paid }
  }
  const stopped = (): ConnectionFailure => {
    const { end } = signal.reason as Stop
    return { end, message: 'The connection attempt was cancelled.', paid }
  }

  show(lost.proposal, { step: 'reach-provider', startedAtMs: sinceMs, steps: [] })
  await takeDown(context, lost, failure.end ?? 'tunnel-failed')
  // Who opened the network from outside wants no guard raised again.
  const guard = deps.serviceTypes.find(({ name }) => name === lost.proposal.serviceType)?.guard
  const wasGuarded = guard?.stands !== undefined
  await guard?.look()
  if (wasGuarded && !guard?.stands) {
    return { to: 'disconnected', last: { ...summed(), message: `${failure.message} The internet was restored.` } }
  }
  const queue = candidatesAfter(context, lost.proposal, failure.end)
  const round = queue.length
  isAlone = round === 1 && queue[0] === lost.proposal
  const asked = new Set<CopiedProposal>()
  for (let turn = 0; attempts < timing.reconnectAttempts && !signal.aborted; turn++) {
    const proposal = queue.shift()
    if (!proposal) break
    // A session that broke soon after it was made counts like an attempt that failed.
    const isNewRound = turn % round === 0 && attempts > 0
    attempts++
    if (isNewRound) {
      const ms = timing.reconnectPauseMs * 2 ** Math.min(3, Math.max(0, Math.floor(turn / round) - 1))
      const startedAtMs = deps.clock.now()
      show(proposal, { step: 'reach-provider', startedAtMs, steps: [] }, startedAtMs + ms)
      await pause(context, ms)
      if (signal.aborted) break
    }
    // The one that was lost has been silent for a while, and the others are not to be waited for; later there is patience.
    const tried = await tryProvider(context, proposal, (progress) => show(proposal, progress), {
      ...{ isCounted: !asked.has(proposal), reachMs: turn === 0 && queue.length > 0 ? timing.reachMs : undefined },
    })
    asked.add(proposal)
    if (tried.kind === 'verified') {
      const soFar = soFarOf(lost, proposal, before, sinceMs)
      return {
        to: 'connected',
        attempt: tried.attempt,
        steps: tried.steps,
        before: { ...before, paid, attempts, soFar },
      }
    }
    paid += tried.paid
    if (tried.kind === 'cancelled') return { to: 'disconnecting', attempt: tried.attempt, failure: stopped() }
    last = tried.failure
    if (tried.kind === 'hopeless') break
    // Who turned out to take money for nothing is not tried again, nor who has said that there is nothing for now.
    const isOver = last.reason !== undefined && NOTHING_FOR_NOW.includes(last.reason)
    const mayReturn = last.end === undefined || MAY_RETURN.includes(last.end) || LEFT.includes(last.end)
    if (mayReturn && !isOver) queue.push(proposal)
  }
  if (signal.aborted) return { to: 'disconnected', last: stopped() }
  return guard ? { to: 'blocked', failure: summed() } : { to: 'disconnected', last: summed() }
}

/** What the person is told who asked once and is with somebody else now. */
function soFarOf(
  lost: Attempt,
  now: CopiedProposal,
  { soFar }: Before,
  lostAtMs: number,
): NonNullable<Before['soFar']> {
  const { proposal, askedAtMs, session } = lost
  const isOther = now.provider !== proposal.provider
  return {
    startedAtMs: session?.openedAtMs ?? askedAtMs,
    ...soFar,
    ...(isOther && { lost: { proposal, atMs: lostAtMs } }),
  }
}

/** Fresh offers where they can be had, since the session may have lasted for days. */
function candidatesAfter({ options, timing }: Context, lost: CopiedProposal, end?: SessionEnd): CopiedProposal[] {
  const others = options
    .candidates()
    .filter(({ provider, serviceType }) => provider !== lost.provider && serviceType === lost.serviceType)
    .slice(0, timing.reconnectOthers)
  if (end && MAY_RETURN.includes(end)) return [lost, ...others]
  return end && LEFT.includes(end) ? [...others, lost] : others
}

/** Resolves early when the connection shall end. */
async function pause({ deps, signal }: Context, ms: number): Promise<void> {
  const over = Promise.withResolvers<void>()
  const cancel = deps.clock.after(ms, over.resolve)
  await unlessAborted(signal, over.promise)
    .catch(() => undefined)
    .finally(cancel)
}
