import { BEAT_MS } from '#shared/contract/state.ts'
import { encode } from '#shared/contract/wire.ts'
import type { StateTree } from '../node/state-tree.ts'

/** What every door sends to whoever follows the state, encoded: a snapshot, then deltas, and a beat now and then. */
export function follow(state: Pick<StateTree, 'snapshot' | 'subscribe'>, send: (message: string) => void): () => void {
  send(encode(state.snapshot()))
  const stop = state.subscribe((message) => send(encode(message)))
  const beat = setInterval(() => send(encode({ kind: 'beat', number: state.snapshot().number })), BEAT_MS)
  beat.unref()
  return () => {
    clearInterval(beat)
    stop()
  }
}
