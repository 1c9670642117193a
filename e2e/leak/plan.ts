import { mulberry32 } from '../lab/random.ts'

export type Victim = 'node' | 'helper' | 'openvpn'
/** What a host is doing when it is struck. */
export type Phase = 'starting' | 'blocking' | 'connecting' | 'connected' | 'reconnecting' | 'stopping'
/** What else happens first: the link goes and comes back, the provider dies, everything of ours stands still. */
export type Trouble = 'link' | 'provider' | 'freeze'
export type Strike = { phase: Phase; afterMs: number; victims: readonly Victim[]; trouble?: Trouble; troubleMs: number }

/** How often, and how long it takes from its beginning to anywhere else (milliseconds). */
const PHASES: readonly { phase: Phase; often: number; spanMs: number }[] = [
  { phase: 'starting', often: 2, spanMs: 350 },
  { phase: 'blocking', often: 2, spanMs: 60 },
  { phase: 'connecting', often: 8, spanMs: 450 },
  { phase: 'connected', often: 3, spanMs: 100 },
  { phase: 'reconnecting', often: 3, spanMs: 450 },
  { phase: 'stopping', often: 2, spanMs: 150 },
]

/** Each alone twice as often as together. */
const VICTIMS: readonly (readonly Victim[])[] = [
  ['node'],
  ['node'],
  ['helper'],
  ['helper'],
  ['openvpn'],
  ['openvpn'],
  ['helper', 'openvpn'],
  ['node', 'helper', 'openvpn'],
]

const CONNECTED = { phase: 'connected', spanMs: 300 } as const
/** Of each hundred strikes. One freeze in three is longer than OpenVPN waits for the other side. */
const TROUBLES: Readonly<Record<number, Trouble>> = {
  2: 'link',
  5: 'provider',
  11: 'freeze',
  ...Object.fromEntries([20, 40, 60, 80].map((count) => [count, 'link' as const])),
  ...Object.fromEntries([30, 50, 70, 90].map((count) => [count, 'provider' as const])),
}

/** The same seed gives the same plan; what the machine does in the meantime is its own. */
export function createPlan(seed: number): { next(): Strike } {
  const random = mulberry32(seed)
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const phases = PHASES.flatMap((phase) => Array.from({ length: phase.often }, () => phase))
  let count = 0
  return {
    next() {
      const trouble = TROUBLES[count % 100]
      const long = count % 300 === 211
      count += 1
      const { phase, spanMs } = trouble ? CONNECTED : one(phases)
      return {
        phase,
        afterMs: random() * spanMs,
        victims: one(VICTIMS),
        ...(trouble && { trouble }),
        troubleMs: trouble === 'freeze' ? (long ? 45_000 : 2_000 + 4_000 * random()) : 20 + 500 * random(),
      }
    },
  }
}
