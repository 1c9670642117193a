import type { Context, Transition } from './context.ts'

/** Nothing is held and nothing runs; `last` says how it came to this. */
export function disconnected(context: Context, { last }: Extract<Transition, { to: 'disconnected' }>): void {
  context.show({ name: 'disconnected', ...(last ? { last } : {}) })
}
