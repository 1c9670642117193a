import { createAccountReader } from '../chain/account-reader.ts'
import { createFollower, type FollowerDeps } from '../chain/follower.ts'
import { createCatalogue } from '../discovery/catalogue.ts'
import { systemClock } from '../lib/clock.ts'
import { type Logger, silentLogger } from '../lib/logger.ts'
import type { Chain } from '../ports/chain.ts'
import type { Progress } from '../ports/chain-follower.ts'
import type { Clock } from '../ports/clock.ts'
import { createRegistry } from '../registry/registry.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createProposalRepository } from '../storage/proposal-repository.ts'

export type FollowingNode = ReturnType<typeof startFollowingNode>

/** The parts of a node that copy the chain, put together as the market does, over a chain that a test holds. */
export function startFollowingNode(options: {
  chain: FollowerDeps['chain'] & Pick<Chain, 'networkAccount' | 'chainId'>
  network: FollowerDeps['network']
  path?: string
  confirmations?: number
  pollMs?: number
  clock?: Clock
  log?: Logger
}) {
  const { chain, network, path = ':memory:', clock = systemClock, log = silentLogger } = options
  const { confirmations = 0, pollMs = 30 } = options
  const store = openStore(path)
  migrate(store)
  const blocks = createChainRepository(store)
  const registry = createRegistry({ repository: blocks, log: silentLogger })
  const proposals = createProposalRepository(store)
  const catalogue = createCatalogue({
    proposals,
    domain: { chainId: chain.chainId, serviceDirectory: network.contracts.serviceDirectory },
    syncedBlock: () => blocks.tip()?.number ?? 0,
    isOwn: () => false,
    log: silentLogger,
  })
  const readers = [createAccountReader({ repository: blocks, chain }), registry.reader, catalogue.reader]
  const follower = createFollower({ chain, store, blocks, readers, network, clock, log }, { pollMs, confirmations })
  follower.onChange(catalogue.changed)
  follower.start()
  return {
    store,
    blocks,
    registry,
    proposals,
    catalogue,
    follower,
    /** Resolves when `test` holds, looked at whenever something moved. */
    until(test: (progress: Progress) => boolean): Promise<void> {
      return new Promise((resolve) => {
        const check = () => {
          if (!test(follower.progress())) return
          offProgress()
          offChange()
          resolve()
        }
        const offProgress = follower.onProgress(check)
        const offChange = follower.onChange(check)
        check()
      })
    },
    stop() {
      follower.stop()
      store.close()
    },
  }
}
