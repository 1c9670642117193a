import { blocked, lockedDown } from './blocked.ts'
import { billOf, type ConnectionDeps, type Context, type Transition } from './context.ts'

/**
 * Nothing is held and nothing runs; `last` says how it came to this. The network is open: everything was taken
 * down before, so that nothing left beside a tunnel on the way here. If it cannot be opened, or lockdown keeps it
 * closed, it is told as blocked.
 */
export async function disconnected(
  context: Context,
  { last }: Extract<Transition, { to: 'disconnected' }>,
): Promise<void> {
  try {
    await openNetwork(context.deps)
  } catch (error) {
    const message = `Your internet could not be restored. ${error instanceof Error ? error.message : ''}`.trim()
    return blocked(context, { message, paid: last?.paid ?? 0n })
  }
  const bill = billOf(context)
  const locked = lockedDown(context.deps, last, context.options.filter)
  if (locked) return context.show({ ...locked, ...bill })
  context.show({ name: 'disconnected', ...(last ? { last: { ...last, ...bill } } : {}) })
}

/** Lets everything out again, where anything is kept in and lockdown does not want it so. */
export async function openNetwork({ serviceTypes }: Pick<ConnectionDeps, 'serviceTypes'>): Promise<void> {
  for (const { guard } of serviceTypes) if (guard?.stands) await guard.open()
}
