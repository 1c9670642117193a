import type { ConnectionFailure } from '#shared/model/session.ts'

import { lockedDown } from './blocked.ts'
import type { Before, Context, Stop, Transition } from './context.ts'
import { openNetwork } from './disconnected.ts'
import { tryProvider } from './try-provider.ts'

/** Tries one candidate after the other, step by step; the first that is verified wins. */
export async function connecting(
  context: Context,
  { candidates }: Extract<Transition, { to: 'connecting' }>,
): Promise<Transition> {
  const { deps, timing, signal } = context
  const wasBlocked = guardStands(context)
  // Asked before anything is tunnelled, and beside everything else.
  void context.ownAddress()
  let paid = 0n
  let first: Before['tried']
  let failure: ConnectionFailure = { message: 'There is no provider to try.', paid }
  for (const [index, proposal] of candidates.entries()) {
    const type = deps.serviceTypes.find(({ name }) => name === proposal.serviceType)
    // A proxy reaches nothing behind the guard that an attempt before it raised, and promises none.
    if (!type?.guard && !wasBlocked && guardStands(context)) await openNetwork(deps)
    const hasNext = index + 1 < candidates.length
    const tried = await tryProvider(
      context,
      proposal,
      (progress) => context.show({ name: 'connecting', proposal, ...progress }),
      { reachMs: hasNext ? timing.reachMs : undefined },
    )
    if (tried.kind === 'verified') {
      const before = { paid, attempts: 0, ...(first && { tried: first }) }
      return { to: 'connected', attempt: tried.attempt, steps: tried.steps, before }
    }
    paid += tried.paid
    failure = { ...tried.failure, paid }
    first ??= { proposal, why: failure.message }
    if (tried.kind === 'cancelled') return { to: 'disconnecting', attempt: tried.attempt, failure }
    // No second provider is paid for a server that the person can change; whoever reconnects has had answers from it.
    if (tried.kind === 'hopeless' || tried.kind === 'unnamed') break
    if (signal.aborted) return { to: 'disconnected', last: { ...failure, end: (signal.reason as Stop).end } }
  }
  // Who was blocked before stays so; who was not has lost nothing yet that would have to be kept in.
  return wasBlocked && !lockedDown(deps) ? { to: 'blocked', failure } : { to: 'disconnected', last: failure }
}

function guardStands({ deps }: Context): boolean {
  return deps.serviceTypes.some(({ guard }) => guard?.stands)
}
