import type { Store } from '../../ports/store.ts'

/**
 * One step forward, in a file `NNN-name.ts` beside this one. Frozen once released: a later need is a later
 * number. `up` runs inside a transaction, one statement per `store.run`.
 */
export type Migration = { readonly number: number; readonly name: string; up(store: Store): void }
