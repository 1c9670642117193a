import { mulberry32 } from '../lab/random.ts'
import type { Role, Told } from './terms.ts'

export type Kill = {
  victims: readonly Role[]
  /** Killed `afterMs` after `role` told for the `count`-th time that `event` happened. */
  when: { role: Role; event: Told['event']; count: number }
  afterMs: number
  /** The benefiter begins to clear what it got so far. */
  clear: boolean
  /** Whether a benefiter that starts again takes updates, or wants a new promise each time. */
  updates: boolean
}

type Moment = { role: Role; event: Told['event']; often: number; spanMs: number }

/** Where in a payment or a clearing, how often, and how long it takes from there to anywhere else. */
const MOMENTS: readonly Moment[] = [
  // Signed and written, about to be sent; or the answer came and was written.
  { role: 'issuer', event: 'given', often: 4, spanMs: 40 },
  // Accepted and written, about to be acknowledged.
  { role: 'benefiter', event: 'received', often: 4, spanMs: 40 },
  { role: 'benefiter', event: 'charged', often: 2, spanMs: 30 },
  { role: 'issuer', event: 'consumed', often: 2, spanMs: 30 },
  // Told to the peer, sent, in the next block, written.
  { role: 'benefiter', event: 'clearing', often: 3, spanMs: 600 },
  // Opening a dialogue and the first advice, after the last crash.
  { role: 'benefiter', event: 'online', often: 1, spanMs: 150 },
]

const VICTIMS: readonly (readonly Role[])[] = [['issuer'], ['benefiter']]

/** The same seed gives the same plan; what the machine does in the meantime is its own. */
export function createPlan(seed: number): { next(fresh: readonly Role[]): Kill } {
  const random = mulberry32(seed)
  const below = (end: number) => Math.floor(random() * end)
  const chance = (share: number) => random() < share
  let turn = below(2)

  function moment(fresh: readonly Role[]): Moment {
    const possible = MOMENTS.flatMap((one): Moment[] => {
      if (one.event !== 'online') return Array.from({ length: one.often }, () => one)
      return fresh.map((role) => ({ ...one, role }))
    })
    const chosen = possible[below(possible.length)]
    if (!chosen) throw new Error('There are moments.')
    return chosen
  }

  return {
    next(fresh) {
      const { role, event, spanMs } = moment(fresh)
      turn += 1
      return {
        victims: chance(0.15) ? ['issuer', 'benefiter'] : (VICTIMS[turn % 2] ?? []),
        when: { role, event, count: event === 'clearing' || event === 'online' ? 1 : 1 + below(8) },
        // Half of them within the first tenth: what follows at once is what could go wrong.
        afterMs: random() * spanMs * (chance(0.5) ? 0.1 : 1),
        clear: event === 'clearing' || chance(0.2),
        updates: chance(0.75),
      }
    },
  }
}
