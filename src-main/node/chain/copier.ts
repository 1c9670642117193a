import { createHash, type Hash } from 'node:crypto'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import type { Chain, ChainEvent, ChainHead } from '../ports/chain.ts'
import type { Change } from '../ports/chain-follower.ts'
import type { EventReader } from '../ports/event-reader.ts'
import type { Store } from '../ports/store.ts'
import type { ChainRepository, StoredBlock } from '../storage/chain-repository.ts'

/** Small, for blocks may be full; it doubles while they are not, and is halved when a node refuses it. */
const FIRST_RANGE_BLOCKS = 8
/** What public nodes answer in one go. */
const MAX_RANGE_BLOCKS = 2_000
/** What can be read and written in one go without anybody noticing: about a tenth of a second. */
const RANGE_EVENTS = 1_000
/** Blocks without events are remembered this far back: no chain reorganises deeper and lives. */
const REMEMBERED_BLOCKS = 1_000
/** Rounds in which nodes that know fewer blocks than we do count as lagging; then their chain is believed. */
const LAGGING_ROUNDS = 3

export type CopierDeps = {
  chain: Pick<Chain, 'head' | 'blockHash' | 'events' | 'nodes'>
  store: Store
  blocks: ChainRepository
  readers: readonly EventReader[]
  startBlock: number
  log: Logger
  /** From then on nothing is written any more. */
  stopped: () => boolean
  changed: (change: Change) => void
}

/**
 * Writes ranges of blocks into the store, and takes back what no longer stands. A range is written in one
 * transaction with its blocks' hashes, so that a crash loses nothing and counts nothing twice.
 */
export type Copier = {
  syncedBlock(): number
  /** Undoes what a reorganisation left behind; true when our tip stands on the nodes' chain. */
  reconcile(head: ChainHead): Promise<boolean>
  /**
   * Where only one of several nodes answered for a while, its word was taken: once another is back, what
   * it said is compared, and copied anew when it differs.
   */
  compareLate(): Promise<void>
  /** Copies the next range, up to `target` at most; false when the chain changed while it was being read. */
  copyNext(target: number, headBlock: number): Promise<boolean>
}

export function createCopier(deps: CopierDeps): Copier {
  const { chain, store, blocks, readers, startBlock, log, stopped, changed } = deps
  const syncedBlock = () => blocks.tip()?.number ?? startBlock - 1
  let range = FIRST_RANGE_BLOCKS
  let lagging = 0
  /** What one node alone said since `uncomparedFrom`; missing for what was copied before a restart. */
  let said: Hash | undefined

  const nobodyToCompare = () => {
    const { of, leftOut } = chain.nodes()
    return of > 1 && of - leftOut.length < 2
  }

  function rollBackTo(number: number): void {
    // What was said by one alone is undone as a whole: of a part there is no digest.
    const to = Math.min(number, (blocks.uncomparedFrom() ?? Number.POSITIVE_INFINITY) - 1)
    said = undefined
    store.transaction(() => {
      blocks.setUncomparedFrom(undefined)
      blocks.rollBackTo(to)
    })
    lagging = 0
    changed({ kind: 'rolled-back', toBlock: to })
  }

  /** True when our tip stands on the nodes' chain. */
  async function reconcile(head: ChainHead): Promise<boolean> {
    const tip = blocks.tip()
    if (!tip) return true
    if (head.number < tip.number) {
      // Some know it: the others are late.
      if (head.highest >= tip.number) return false
      lagging++
      if (lagging <= LAGGING_ROUNDS) return false
    } else {
      lagging = 0
      if ((await chain.blockHash(tip.number)) === tip.hash) return true
    }
    const fork = await findFork(tip, head)
    if (stopped()) return false
    log.warn(`the chain was reorganised; going back from block ${tip.number} to ${fork}`)
    rollBackTo(fork)
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

  async function compareLate(): Promise<void> {
    const from = blocks.uncomparedFrom()
    if (from === undefined || nobodyToCompare()) return
    const holds = said !== undefined && (await digestOf(from, syncedBlock())) === said.copy().digest('hex')
    if (stopped() || nobodyToCompare()) return
    if (holds) {
      said = undefined
      blocks.setUncomparedFrom(undefined)
      return
    }
    log.warn(`what one blockchain node said alone from block ${from} on is not certain; copying it again`)
    rollBackTo(from - 1)
  }

  async function digestOf(from: number, end: number): Promise<string> {
    const digest = createHash('sha256')
    for (let at = from; at <= end && !stopped(); ) {
      const to = Math.min(end, at + range - 1)
      const events = await inRange(at, to)
      if (!events) continue
      feed(digest, events)
      at = to + 1
    }
    return digest.digest('hex')
  }

  /** Undefined when the range was too large; the next one is smaller. */
  async function inRange(from: number, to: number): Promise<ChainEvent[] | undefined> {
    const blockCount = to - from + 1
    try {
      const events = await chain.events(from, to)
      const fitting = Math.floor((blockCount * RANGE_EVENTS) / Math.max(1, events.length))
      range = Math.max(1, Math.min(MAX_RANGE_BLOCKS, range * 2, fitting))
      return events
    } catch (error) {
      // Too many logs for one answer, most likely: nodes have no common word for it.
      if (!(error instanceof MystError) || error.name !== 'RpcRefused' || blockCount === 1) throw error
      range = Math.max(1, blockCount >> 1)
      return undefined
    }
  }

  async function copyNext(target: number, headBlock: number): Promise<boolean> {
    const from = syncedBlock() + 1
    const to = Math.min(target, from + range - 1)
    const tip = blocks.tip()
    const hash = await chain.blockHash(to)
    if (hash === undefined) return false
    const aloneBefore = nobodyToCompare()
    const events = await inRange(from, to)
    if (!events) return true
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
    if (stopped()) return false
    store.transaction(() => {
      for (const block of eventBlocks.values()) blocks.addBlock(block, false)
      blocks.addBlock({ number: to, hash }, !eventBlocks.has(to))
      for (const part of prepared) part.write()
      blocks.prune(to - REMEMBERED_BLOCKS)
      if (blocks.uncomparedFrom() === undefined && (aloneBefore || nobodyToCompare())) {
        blocks.setUncomparedFrom(from)
        said = createHash('sha256')
      }
    })
    if (said) feed(said, events)
    for (const part of prepared) part.committed()
    changed({ kind: 'copied', toBlock: to, events })
    return true
  }

  return { syncedBlock, reconcile, compareLate, copyNext }
}

function feed(digest: Hash, events: readonly ChainEvent[]): void {
  for (const event of events) {
    digest.update(
      JSON.stringify(event, (_key, value) => {
        if (typeof value === 'bigint') return `${value}n`
        return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
      }),
    )
  }
}
