import { toWire } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import type { Chain } from '../ports/chain.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'

/** A node that others pay for is not asked for a long history in one go; the rest is asked for the next time. */
const MOST_BLOCKS = 100
const AT_ONCE = 5

/**
 * Asks the chain when blocks were mined, and keeps it: nobody needs it of most of them, so it is not copied with their
 * events. Newest first; ends at the first that the chain does not tell, and never rejects.
 */
export function createBlockTimes(deps: {
  chain: Pick<Chain, 'blockTime'>
  blocks: Pick<ChainRepository, 'setBlockTime'>
  log: Logger
}): (numbers: readonly number[]) => Promise<void> {
  const { chain, blocks, log } = deps

  async function learn(number: number): Promise<void> {
    const found = await chain.blockTime(number)
    if (found) blocks.setBlockTime({ number, hash: found.hash }, found.minedAt)
  }

  return async (numbers) => {
    try {
      for (let at = 0; at < Math.min(numbers.length, MOST_BLOCKS); at += AT_ONCE) {
        await Promise.all(numbers.slice(at, at + AT_ONCE).map(learn))
      }
    } catch (error) {
      log.debug(`the time of a block is not known: ${toWire(error).message}`)
    }
  }
}
