import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import type { Chain } from '../ports/chain.ts'
import type { Change, Follower, Progress } from '../ports/chain-follower.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventReader } from '../ports/event-reader.ts'
import type { Store } from '../ports/store.ts'
import type { ChainRepository, StoredBlock } from '../storage/chain-repository.ts'

/** Within what public nodes answer in one go; halved on refusal, down to one block. */
const MAX_BATCH_BLOCKS = 2_000
/** Further behind than this is "syncing" to a person. */
const BEHIND_BLOCKS = 10
/** Blocks without events are remembered this far back: no chain reorganises deeper and lives. */
const REMEMBERED_BLOCKS = 1_000
const MAX_BACKOFF_MS = 30_000
/** Rounds in which a node that knows fewer blocks than we do counts as lagging; then its chain is believed. */
const LAGGING_ROUNDS = 3
/** For how long a copy that reached the head counts as current. */
const CURRENT_MS = 60_000

export type FollowerDeps = {
  chain: Pick<Chain, 'head' | 'blockHash' | 'events'>
  store: Store
  blocks: ChainRepository
  readers: readonly EventReader[]
  network: Pick<NetworkFile, 'chainId' | 'contracts' | 'startBlock'>
  clock: Clock
  log: Logger
}

/**
 * Copies the events of our contracts block range by block range (whitepaper 6.3, 6.4, 6.5.1):
 *
 *   look at head ─▶ does our tip still stand there? ─no─▶ go back to where both agree, undo above
 *                        │ yes                                        │
 *                        ▼                                            ▼
 *                   copy the next range, then the next … ◀────────────┘
 *
 * A range is written in one transaction with its blocks' hashes, so that a crash loses nothing and
 * counts nothing twice. A node that does not answer is asked again, less and less often.
 */
export function createFollower(
  { chain, store, blocks, readers, network, clock, log }: FollowerDeps,
  { confirmations = 0, pollMs = 1_000 }: { confirmations?: number; pollMs?: number } = {},
): Follower {
  const { startBlock } = network
  // What was copied from other contracts says nothing about these.
  if (blocks.bind(deploymentOf(network))) log.info('the network is another one than before; copying it from the start')
  const onProgress = new Set<(progress: Progress) => void>()
  const onChange = new Set<(change: Change) => void>()
  const syncedBlock = () => blocks.tip()?.number ?? startBlock - 1
  let progress: Progress = { status: 'connecting', syncedBlock: syncedBlock(), headBlock: 0 }
  let batch = MAX_BATCH_BLOCKS
  let failures = 0
  let lagging = 0
  let running = false
  /** Asked for while a round was running. */
  let again = false
  /** Rounds in a row in which the chain moved while it was being read. */
  let moved = 0
  let stopped = true
  let reachedHeadAtMs = Number.NEGATIVE_INFINITY
  let cancelTimer: () => void = () => undefined

  function report(next: Progress): void {
    if (stopped || JSON.stringify(next) === JSON.stringify(progress)) return
    progress = next
    for (const handle of [...onProgress]) handle(progress)
  }

  function changed(change: Change): void {
    for (const handle of [...onChange]) handle(change)
  }

  /** True when our tip stands on the node's chain. */
  async function reconcile(head: StoredBlock): Promise<boolean> {
    const tip = blocks.tip()
    if (!tip) return true
    if (head.number < tip.number) {
      lagging++
      if (lagging <= LAGGING_ROUNDS) return false
    } else {
      lagging = 0
      if ((await chain.blockHash(tip.number)) === tip.hash) return true
    }
    const fork = await findFork(tip, head)
    if (stopped) return false
    log.warn(`the chain was reorganised; going back from block ${tip.number} to ${fork}`)
    blocks.rollBackTo(fork)
    lagging = 0
    changed({ kind: 'rolled-back', toBlock: fork })
    return true
  }

  /**
   * The highest remembered block that the node has too, found in steps that double. Going back further
   * than needed costs a little copying and nothing else.
   */
  async function findFork(tip: StoredBlock, head: StoredBlock): Promise<number> {
    let from = Math.min(tip.number, head.number + 1)
    for (let step = 1; ; step *= 2) {
      const candidate = blocks.blocksBelow(from, step).at(-1)
      if (!candidate) return startBlock - 1
      if ((await chain.blockHash(candidate.number)) === candidate.hash) return candidate.number
      from = candidate.number
    }
  }

  /** Copies `from` to `to`; false when the chain changed while it was being read. */
  async function copy(from: number, to: number, headBlock: number): Promise<boolean> {
    const tip = blocks.tip()
    const hash = await chain.blockHash(to)
    if (hash === undefined) return false
    const events = await chain.events(from, to)
    const prepared = await Promise.all(readers.map((reader) => reader.prepare(events, { toBlock: to, headBlock })))
    // The last block's hash stands for all before it: when it and our tip are where they were, then
    // so is everything between.
    if (tip && (await chain.blockHash(tip.number)) !== tip.hash) return false
    if ((await chain.blockHash(to)) !== hash) return false
    const eventBlocks = new Map<number, StoredBlock>()
    for (const { blockNumber: number, blockHash } of events) {
      const other = eventBlocks.get(number)
      if ((other && other.hash !== blockHash) || (number === to && blockHash !== hash)) return false
      eventBlocks.set(number, { number, hash: blockHash })
    }
    if (stopped) return false
    store.transaction(() => {
      for (const block of eventBlocks.values()) blocks.addBlock(block, false)
      blocks.addBlock({ number: to, hash }, !eventBlocks.has(to))
      for (const part of prepared) part.write()
      blocks.prune(to - REMEMBERED_BLOCKS)
    })
    for (const part of prepared) part.committed()
    changed({ kind: 'copied', toBlock: to, events })
    return true
  }

  async function round(): Promise<void> {
    const head = await chain.head()
    if (stopped) return
    const target = head.number - confirmations
    const stands = await reconcile(head)
    while (stands && !stopped) {
      const from = syncedBlock() + 1
      const behind = progress.status !== 'online' || target - from > BEHIND_BLOCKS
      if (from > target) break
      report({ status: behind ? 'syncing' : 'online', syncedBlock: from - 1, headBlock: head.number })
      try {
        if (!(await copy(from, Math.min(target, from + batch - 1), head.number))) {
          moved++
          return
        }
        moved = 0
        batch = Math.min(MAX_BATCH_BLOCKS, batch * 2)
      } catch (error) {
        // Too many logs for one answer, most likely: nodes have no common word for it.
        if (!(error instanceof MystError) || error.name !== 'RpcRefused' || batch === 1) throw error
        batch = Math.max(1, batch >> 1)
      }
    }
    if (stands) reachedHeadAtMs = clock.now()
    report({ status: 'online', syncedBlock: syncedBlock(), headBlock: head.number })
  }

  async function run(): Promise<void> {
    cancelTimer()
    if (stopped) return
    if (running) {
      again = true
      return
    }
    running = true
    again = false
    try {
      await round()
      failures = 0
    } catch (error) {
      // The store may be closed by now.
      if (stopped) return
      failures++
      const known = error instanceof MystError
      if (!known) log.error(`following the chain failed: ${error instanceof Error ? error.message : String(error)}`)
      else if (failures === 1) log.warn(error.message)
      const message = known ? error.message : 'The chain cannot be followed at the moment; trying again.'
      report({ ...progress, status: 'unreachable', message })
    } finally {
      running = false
    }
    if (stopped) return
    cancelTimer = clock.after(nextRoundMs(), () => void run())
  }

  function nextRoundMs(): number {
    if (failures > 0) return Math.min(MAX_BACKOFF_MS, pollMs * 2 ** failures)
    if (again) return 0
    // The chain moved under our hands: look again soon, but not without end.
    return moved > 0 ? Math.min(pollMs, 50 * 2 ** moved) : pollMs
  }

  function subscribe<Handle>(set: Set<Handle>, handle: Handle): () => void {
    set.add(handle)
    return () => void set.delete(handle)
  }

  return {
    progress: () => progress,
    isCurrent() {
      const ageMs = clock.now() - reachedHeadAtMs
      // Negative: this machine's clock was put back, so nobody knows.
      return !stopped && progress.status === 'online' && ageMs >= 0 && ageMs <= CURRENT_MS
    },
    start() {
      if (!stopped) return
      stopped = false
      void run()
    },
    stop() {
      stopped = true
      cancelTimer()
    },
    async reached(blockNumber, signal) {
      signal?.throwIfAborted()
      if (syncedBlock() >= blockNumber) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const off = subscribe(onChange, () => {
        if (syncedBlock() >= blockNumber) resolve()
      })
      const abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      void run()
      try {
        await promise
      } finally {
        off()
        signal?.removeEventListener('abort', abort)
      }
    },
    onProgress: (handle) => subscribe(onProgress, handle),
    onChange: (handle) => subscribe(onChange, handle),
  }
}

function deploymentOf({ chainId, contracts }: FollowerDeps['network']): string {
  const { identityRegistry, serviceDirectory, paymentAccounts } = contracts
  return [chainId, identityRegistry, serviceDirectory, paymentAccounts].join(' ').toLowerCase()
}
