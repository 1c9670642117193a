import type { ChainEvent } from './chain.ts'

/**
 * A part of the node that keeps a copy of something on the chain. The follower hands it every event
 * once per chain, in order, and undoes a reorganisation by deleting the blocks that its rows hang on.
 */
export type EventReader = {
  /** Verifies and decodes; may take its time and touches nothing that lasts. */
  prepare(events: readonly ChainEvent[], range: { toBlock: number; headBlock: number }): Promise<PreparedEvents>
}

export type PreparedEvents = {
  /** Runs in one transaction with the blocks and with the other readers. */
  write(): void
  /** Runs once the transaction is on disk. */
  committed(): void
}
