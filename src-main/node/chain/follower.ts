import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import type { Chain } from '../ports/chain.ts'
import type { Change, Follower, Progress } from '../ports/chain-follower.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventReader } from '../ports/event-reader.ts'
import type { Store } from '../ports/store.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import { createCopier } from './copier.ts'

/** Further behind than this is "syncing" to a person. */
const BEHIND_BLOCKS = 10
const MAX_BACKOFF_MS = 30_000
/** Rounds in which nodes may contradict each other: one hears of a reorganisation before the other. */
const DISPUTED_ROUNDS = 3
/** For how long a copy that reached the head counts as current. */
const CURRENT_MS = 60_000

export type FollowerDeps = {
  chain: Pick<Chain, 'head' | 'blockHash' | 'events' | 'nodes'>
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
 * A node that does not answer is asked again, less and less often. Where nodes contradict each other the
 * copy stays where they last agreed, and after three rounds the state says who they are.
 */
export function createFollower(
  { chain, store, blocks, readers, network, clock, log }: FollowerDeps,
  { confirmations = 0, pollMs = 1_000 }: { confirmations?: number; pollMs?: number } = {},
): Follower {
  // What was copied from other contracts says nothing about these.
  if (blocks.bind(deploymentOf(network))) log.info('the network is another one than before; copying it from the start')
  const onProgress = new Set<(progress: Progress) => void>()
  const onChange = new Set<(change: Change) => void>()
  const { startBlock } = network
  const copier = createCopier({ chain, store, blocks, readers, startBlock, log, stopped: () => stopped, changed })
  const { syncedBlock } = copier
  let progress: Progress = { status: 'connecting', syncedBlock: syncedBlock(), headBlock: 0 }
  let failures = 0
  let disputes = 0
  let leftOut = ''
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

  async function round(): Promise<void> {
    const head = await chain.head()
    if (stopped) return
    tellLeftOut()
    const target = head.number - confirmations
    const stands = await copier.reconcile(head)
    if (stands) await copier.compareLate()
    while (stands && !stopped) {
      const from = syncedBlock() + 1
      const behind = progress.status !== 'online' || target - from > BEHIND_BLOCKS
      if (from > target) break
      report({ status: behind ? 'syncing' : 'online', syncedBlock: from - 1, headBlock: head.number })
      if (!(await copier.copyNext(target, head.number))) {
        moved++
        return
      }
      moved = 0
    }
    const reached = { syncedBlock: syncedBlock(), headBlock: head.number }
    if (head.apart !== undefined) return report({ ...reached, status: 'unreachable', message: head.apart })
    if (stands) reachedHeadAtMs = clock.now()
    report({ ...reached, status: 'online' })
  }

  function tellLeftOut(): void {
    const list = chain.nodes().leftOut.map(({ host, why }) => `${host} (${why})`)
    if (list.join() === leftOut) return
    leftOut = list.join()
    if (leftOut === '') log.info('every blockchain node answers again')
    else log.warn(`blockchain nodes that are left out: ${list.join(', ')}`)
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
      disputes = 0
    } catch (error) {
      // The store may be closed by now.
      if (stopped) return
      if (error instanceof MystError && error.name === 'ChainDisputed' && ++disputes < DISPUTED_ROUNDS) return
      failures++
      const known = error instanceof MystError
      if (!known) log.error(`following the chain failed: ${error instanceof Error ? error.message : String(error)}`)
      else if (failures === 1) log.warn(error.message)
      const message = known ? error.message : 'The chain cannot be followed at the moment; trying again.'
      report({ ...progress, status: 'unreachable', message })
    } finally {
      running = false
      if (!stopped) cancelTimer = clock.after(nextRoundMs(), () => void run())
    }
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
