import { REPLAY_WINDOW } from '../protocol/limits.ts'

/** True once per packet number; numbers that fell out of the window count as repeated. */
export function createReplayWindow(width = REPLAY_WINDOW): (sequence: number) => boolean {
  const seen = new Set<number>()
  let highest = 0
  return (sequence) => {
    if (sequence < 1 || sequence <= highest - width || seen.has(sequence)) return false
    seen.add(sequence)
    if (sequence > highest) {
      highest = sequence
      // sorted out only now and then: at most twice the width is ever held
      if (seen.size > 2 * width) for (const old of seen) if (old <= highest - width) seen.delete(old)
    }
    return true
  }
}
