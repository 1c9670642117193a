import type { NetworkState } from '#shared/contract/state.ts'
import type { ChainEvent } from './chain.ts'

export type Progress = {
  status: NetworkState['chain']
  syncedBlock: number
  headBlock: number
  /** One sentence when something is wrong. */
  message?: string
}

/** Either new events up to a block, or everything above a block undone. */
export type Change =
  | { kind: 'copied'; toBlock: number; events: readonly ChainEvent[] }
  | { kind: 'rolled-back'; toBlock: number }

/** Keeps a copy of our contracts' events as the chain grows and reorganises (whitepaper 6.5.1). */
export type Follower = {
  progress(): Progress
  /**
   * Whether the copy may be decided upon without asking the chain: it reached the head within the last
   * minute, and nothing has gone wrong since. Cheap.
   */
  isCurrent(): boolean
  start(): void
  /** From here on nothing is written any more. */
  stop(): void
  /** Resolves when everything up to this block is copied; looks at once instead of at the next poll. */
  reached(blockNumber: number, signal?: AbortSignal): Promise<void>
  onProgress(handle: (progress: Progress) => void): () => void
  onChange(handle: (change: Change) => void): () => void
}
