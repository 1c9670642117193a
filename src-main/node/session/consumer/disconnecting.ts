import { takeDown } from './bought-session.ts'
import type { Context, Transition } from './context.ts'

/** Takes everything down, always; what ended the connection is what is reported. */
export async function disconnecting(
  context: Context,
  { attempt, failure }: Extract<Transition, { to: 'disconnecting' }>,
): Promise<Transition> {
  context.show({ name: 'disconnecting', proposal: attempt.proposal })
  await takeDown(context, attempt, failure.end ?? 'tunnel-failed')
  return { to: 'disconnected', last: failure }
}
