import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import { createAccountReader } from './chain/account-reader.ts'
import { createChain } from './chain/create-chain.ts'
import { createFollower } from './chain/follower.ts'
import { type Catalogue, createCatalogue } from './discovery/catalogue.ts'
import type { Logger } from './lib/logger.ts'
import { createChainFacts } from './payments/chain-facts.ts'
import type { ChainFacts } from './payments/deps.ts'
import type { Chain } from './ports/chain.ts'
import type { Follower } from './ports/chain-follower.ts'
import type { Clock } from './ports/clock.ts'
import type { Store } from './ports/store.ts'
import { createRegistry, type FollowingRegistry } from './registry/registry.ts'
import { type ChainRepository, createChainRepository } from './storage/chain-repository.ts'
import { createProposalRepository, type ProposalRepository } from './storage/proposal-repository.ts'
import { createTransactionJournal } from './storage/transaction-journal.ts'

/** A chain on this machine is asked more often than one that others pay for. */
const LOCAL_POLL_MS = 500
const POLL_MS = 4_000

/** What anybody can see without an identity: the chain, who is registered, what is on offer. */
export type Market = {
  readonly network: NetworkFile
  readonly chain: Chain
  readonly blocks: ChainRepository
  readonly registry: FollowingRegistry
  readonly proposals: ProposalRepository
  readonly catalogue: Catalogue
  readonly follower: Follower
  readonly facts: ChainFacts
  /**
   * What an account can still pay, in base units: its balance less an announced withdrawal, which may be
   * executed before a promise is cleared (whitepaper 6.5.6). Throws `ChainUnreachable`.
   */
  spendable(id: IdentityId): Promise<Amount>
}

export function createMarket(deps: {
  network: NetworkFile
  store: Store
  isOwn: (id: IdentityId) => boolean
  clock: Clock
  log: Logger
}): Market {
  const { network, store, isOwn, clock, log } = deps
  const chain = createChain({ network, clock, journal: createTransactionJournal(store) })
  const blocks = createChainRepository(store)
  const registry = createRegistry({ repository: blocks, log: log.of('registry') })
  const proposals = createProposalRepository(store)
  const catalogue = createCatalogue({
    proposals,
    domain: { chainId: chain.chainId, serviceDirectory: network.contracts.serviceDirectory },
    syncedBlock: () => blocks.tip()?.number ?? 0,
    isOwn,
    log: log.of('discovery'),
  })
  const readers = [createAccountReader({ repository: blocks, chain }), registry.reader, catalogue.reader]
  const follower = createFollower(
    { chain, store, blocks, readers, network, clock, log: log.of('chain') },
    { pollMs: network.local ? LOCAL_POLL_MS : POLL_MS },
  )
  follower.onChange(catalogue.changed)
  const facts = createChainFacts({ chain, follower, accounts: blocks })
  async function spendable(id: IdentityId): Promise<Amount> {
    const balance = await chain.balanceOf(id)
    const leaving = blocks.withdrawalOf(id)?.amount ?? 0n
    return balance > leaving ? balance - leaving : 0n
  }
  return { network, chain, blocks, registry, proposals, catalogue, follower, facts, spendable }
}
