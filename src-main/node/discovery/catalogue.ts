import type { ProposalView } from '#shared/contract/answers.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { BLOCKS_PER_DAY } from '#shared/model/block-days.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { MisconductKind } from '#shared/model/misconduct.ts'
import type { CopiedProposal, ProposalFilter } from '#shared/model/proposal.ts'
import type { Amount } from '#shared/model/units.ts'
import type { Logger } from '../lib/logger.ts'
import type { ChainEvent } from '../ports/chain.ts'
import type { Change } from '../ports/chain-follower.ts'
import type { EventReader } from '../ports/event-reader.ts'
import {
  FRESH_BLOCKS,
  PROPOSAL_LIFETIME_BLOCKS,
  type ProposalDomain,
  readProposal,
  readVerifiedProposal,
} from '../protocol/proposal.ts'
import type { Announcement, ProposalRepository, StoredProposal } from '../storage/proposal-repository.ts'

/** As many as a list shows; the contract's own bound for a query. */
const MAX_RESULTS = 10_000
/** So long a failure counts against a provider that announces nothing new. */
export const FAILURE_BLOCKS = BLOCKS_PER_DAY
/** So long an offer stays out of the list that its provider called gone: about an hour, then it may be made again. */
const GONE_BLOCKS = BLOCKS_PER_DAY / 24
/** A signature takes a few milliseconds to verify: after so many, others have their turn. */
const VERIFY_AT_ONCE = 4

export type Catalogue = {
  /** How it learns from the chain: for the follower. */
  readonly reader: EventReader
  /** To be called with the follower's changes: moves the revision when an answer may have changed. */
  changed(change: Change): void
  /** Whitepaper 6.4.4: preferred providers first, then ascending price (or experience); who failed last behind others of its rank. */
  query(filter: ProposalFilter): ProposalView[]
  /**
   * Proposals to try one after the other until a session opens: as `query`, without one's own, and without
   * providers that took money for nothing, unless the person prefers or names them.
   */
  candidates(filter: ProposalFilter): CopiedProposal[]
  find(provider: IdentityId, serial: number): CopiedProposal | undefined
  summary(): { count: number; revision: number }
  /** Announcements that were not what they should be, since the start. */
  dropped(): number
  prefer(provider: IdentityId, preferred: boolean): void
  /** A session with this provider was opened and verified, `connectMs` after it was asked for. */
  recordSession(provider: IdentityId, connectMs: number): void
  recordFailure(provider: IdentityId): void
  /** Its provider has said that it does not make this offer any more, although it is announced still. */
  recordGone(offer: Pick<CopiedProposal, 'provider' | 'serial' | 'blockNumber'>): void
  /** `held`: all that the provider holds of ours unearned; what was lost never adds up to more. */
  recordMisconduct(provider: IdentityId, what: { kind: MisconductKind; lost: Amount; held: Amount; atMs: number }): void
  onRevision(handle: (summary: { count: number; revision: number }) => void): () => void
}

export type CatalogueDeps = {
  proposals: ProposalRepository
  domain: ProposalDomain
  /** The block up to which the chain was copied: what expires is counted from there. */
  syncedBlock: () => number
  /** Whether an identity is one of this node's own. */
  isOwn: (id: IdentityId) => boolean
  log: Logger
}

/** The database of everybody's services that each node rebuilds from the chain (whitepaper 6.4, 6.4.1). */
export function createCatalogue({ proposals, domain, syncedBlock, isOwn, log }: CatalogueDeps): Catalogue {
  const handles = new Set<(summary: { count: number; revision: number }) => void>()
  const oldestBlock = () => syncedBlock() - PROPOSAL_LIFETIME_BLOCKS
  let revision = 0
  const gone = new Map<string, { blockNumber: number; untilBlock: number }>()
  let count = proposals.count(oldestBlock())
  let dropped = 0

  function drop(event: ChainEvent, why: string): void {
    dropped++
    log.debug(`dropped a proposal announced in block ${event.blockNumber}: ${why}`)
  }

  function verify(event: Extract<ChainEvent, { name: 'Announced' }>): Announcement | undefined {
    try {
      const { proposal, issuedAtBlock, bytes } = readProposal(event.proposal, domain)
      const ageBlocks = event.blockNumber - issuedAtBlock
      if (ageBlocks < 0 || ageBlocks > FRESH_BLOCKS) {
        drop(event, `it was signed ${ageBlocks} blocks before it was announced`)
        return undefined
      }
      return {
        ...proposal,
        blockNumber: event.blockNumber,
        logIndex: event.logIndex,
        issuedAtBlock,
        serviceCountry: proposal.serviceLocation.country,
        originCountry: proposal.originLocation.country,
        bytes,
      }
    } catch (error) {
      if (!(error instanceof MystError)) throw error
      drop(event, error.message)
      return undefined
    }
  }

  function revise(): void {
    revision++
    count = listed()
    for (const handle of [...handles]) handle({ count, revision })
  }

  const known = (filter: ProposalFilter) =>
    proposals
      .query(filter, oldestBlock(), filter.limit ?? MAX_RESULTS, syncedBlock() - FAILURE_BLOCKS)
      .map((row) => ({ ...row, copied: toCopied(row) }))

  /** What was announced anew since is made again. */
  function isGone({ provider, serial, blockNumber }: CopiedProposal): boolean {
    const said = gone.get(`${provider}/${serial}`)
    return said !== undefined && blockNumber <= said.blockNumber && syncedBlock() <= said.untilBlock
  }

  /** Who names an offer gets it, whatever was said of it. */
  const rows = (filter: ProposalFilter) =>
    filter.serial === undefined && gone.size > 0 ? known(filter).filter(({ copied }) => !isGone(copied)) : known(filter)

  function listed(): number {
    for (const key of gone.keys()) {
      const [provider, serial] = key.split('/') as [IdentityId, string]
      const [row] = known({ provider, serial: Number(serial), limit: 1 })
      if (!row || !isGone(row.copied)) gone.delete(key)
    }
    return proposals.count(oldestBlock()) - gone.size
  }

  return {
    reader: {
      async prepare(events, { toBlock, headBlock }) {
        const found: Announcement[] = []
        let verified = 0
        for (const event of events) {
          // Long expired ones are not worth a signature check.
          if (event.name !== 'Announced' || event.blockNumber < headBlock - PROPOSAL_LIFETIME_BLOCKS) continue
          const announcement = verify(event)
          if (announcement) found.push(announcement)
          if (++verified % VERIFY_AT_ONCE === 0) await new Promise<void>((resolve) => setImmediate(resolve))
        }
        return {
          write() {
            found.forEach(proposals.add)
            // A little later than they expire, so that a reorganisation finds what it needs.
            proposals.prune(toBlock - PROPOSAL_LIFETIME_BLOCKS - FRESH_BLOCKS)
          },
          committed: () => undefined,
        }
      },
    },
    changed(change) {
      const touched =
        change.kind === 'rolled-back' ||
        change.events.some(({ name }) => name === 'Announced' || name === 'Registered') ||
        listed() !== count
      if (touched) revise()
    },
    query: (filter) =>
      rows(filter).map(({ copied: { bytes: _bytes, ...copied }, preferred, experience }) => {
        return { ...copied, preferred, own: isOwn(copied.provider), experience }
      }),
    candidates: (filter) =>
      rows(filter)
        .filter((row) => filter.provider !== undefined || row.preferred || !row.experience.misconduct?.lost)
        .map(({ copied }) => copied)
        .filter(({ provider }) => !isOwn(provider)),
    find: (provider, serial) => rows({ provider, serial, limit: 1 })[0]?.copied,
    summary: () => ({ count, revision }),
    dropped: () => dropped,
    prefer(provider, preferred) {
      proposals.prefer(provider, preferred)
      revise()
    },
    recordSession(provider, connectMs) {
      proposals.recordSession(provider, connectMs)
      revise()
    },
    recordFailure(provider) {
      proposals.recordFailure(provider, syncedBlock())
      revise()
    },
    recordGone({ provider, serial, blockNumber }) {
      gone.set(`${provider}/${serial}`, { blockNumber, untilBlock: syncedBlock() + GONE_BLOCKS })
      revise()
    },
    recordMisconduct(provider, what) {
      proposals.conduct.record(provider, what)
      revise()
    },
    onRevision(handle) {
      handles.add(handle)
      return () => void handles.delete(handle)
    },
  }
}

function toCopied({ bytes, blockNumber }: StoredProposal): CopiedProposal {
  const { proposal } = readVerifiedProposal(bytes)
  return { ...proposal, bytes, blockNumber, expiresAtBlock: blockNumber + PROPOSAL_LIFETIME_BLOCKS }
}
