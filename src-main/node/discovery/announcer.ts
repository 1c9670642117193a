import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Contact, Proposal, ServiceTypeName } from '#shared/model/proposal.ts'
import type { Logger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { Follower } from '../ports/chain-follower.ts'
import type { Clock } from '../ports/clock.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import {
  FRESH_BLOCKS,
  PROPOSAL_LIFETIME_BLOCKS,
  type ProposalDomain,
  qualitativeTerms,
  readVerifiedProposal,
  signProposal,
} from '../protocol/proposal.ts'
import type { OwnProposal, ProposalRepository } from '../storage/proposal-repository.ts'

/** About eight hours on Ethereum: time enough for a person to top up the gas account. */
const RENEW_BEFORE_BLOCKS = 2_000
const FIRST_RETRY_MS = 15_000
const MAX_RETRY_MS = 3_600_000

/** What is offered, apart from who offers it, under which serial, and how to reach them. */
export type Terms = Omit<Proposal, 'formatVersion' | 'provider' | 'serial' | 'contacts'>
export type OfferRequest = { identity: UnlockedIdentity; gas: GasAccount; terms: Terms; contacts: readonly Contact[] }

export type OfferStatus = {
  provider: IdentityId
  serviceType: ServiceTypeName
  serial: number
  state: 'starting' | 'announced' | 'failed'
  message?: string
}

export type Announcer = {
  /**
   * Offers a service and goes on offering it: announces it, and again before it expires, after a
   * reorganisation, and when the contacts change (same serial) or the terms do (new serial; the old
   * terms are void at once). One offer per identity and service type. The proposal is on disk before
   * this returns; what becomes of the announcement is told by `onStatus`. Throws `InvalidProposal`.
   */
  offer(request: OfferRequest): Proposal
  /** Ends an offer: sessions are no longer accepted on its terms. What is on the chain expires. */
  withdraw(provider: IdentityId, serviceType: ServiceTypeName): void
  /** The proposal if it is on offer at this moment: what a session may be opened for. */
  offered(provider: IdentityId, serial: number): Proposal | undefined
  statuses(): OfferStatus[]
  onStatus(handle: (status: OfferStatus) => void): () => void
  stop(): void
}

export type AnnouncerDeps = {
  chain: Pick<Chain, 'announce'>
  follower: Pick<Follower, 'progress' | 'onChange' | 'onProgress'>
  proposals: ProposalRepository
  domain: ProposalDomain
  clock: Clock
  log: Logger
}

type Offer = {
  identity: UnlockedIdentity
  gas: GasAccount
  own: OwnProposal
  status: OfferStatus
  busy: boolean
  /** Where the announcement of exactly these bytes was mined, as far as is known. */
  sentInBlock: number | undefined
  failures: number
  notBeforeMs: number
  cancelRetry: () => void
}

/** Keeps a provider's own proposals announced (whitepaper 6.4, 6.4.1, 6.4.2). */
export function createAnnouncer(
  { chain, follower, proposals, domain, clock, log }: AnnouncerDeps,
  { renewBeforeBlocks = RENEW_BEFORE_BLOCKS }: { renewBeforeBlocks?: number } = {},
): Announcer {
  const offers = new Map<string, Offer>()
  const handles = new Set<(status: OfferStatus) => void>()
  const keyOf = (provider: IdentityId, serviceType: ServiceTypeName) => `${provider} ${serviceType}`
  const syncedBlock = () => follower.progress().syncedBlock
  let stopped = false

  function report(offer: Offer, state: OfferStatus['state'], message?: string): void {
    const { provider, serviceType, serial } = offer.own
    const next: OfferStatus = { provider, serviceType, serial, state, ...(message === undefined ? {} : { message }) }
    if (JSON.stringify(next) === JSON.stringify(offer.status)) return
    offer.status = next
    for (const handle of [...handles]) handle(next)
  }

  function sign(
    identity: UnlockedIdentity,
    proposal: Omit<Proposal, 'formatVersion'>,
    issuedAfter: number,
  ): OwnProposal {
    // Later than everything issued under this serial before: of two, the later one counts for all.
    const issuedAtBlock = Math.max(0, syncedBlock(), issuedAfter + 1)
    const { bytes } = signProposal(proposal, issuedAtBlock, identity, domain)
    const { provider, serial, serviceType } = proposal
    return { provider, serial, serviceType, terms: qualitativeTerms(proposal), issuedAtBlock, bytes, valid: true }
  }

  /** What is stored for these terms, signed anew when the contacts moved; saved before it is used. */
  function prepare({ identity, terms, contacts }: OfferRequest): OwnProposal {
    const stored = proposals.own(identity.id)
    const draft = { ...terms, provider: identity.id, contacts: [...contacts] }
    const same = stored.find((own) => own.valid && own.terms === qualitativeTerms({ ...draft, serial: 0 }))
    let own: OwnProposal
    if (!same) {
      own = sign(identity, { ...draft, serial: proposals.highestSerial(identity.id) + 1 }, -1)
    } else if (JSON.stringify(readVerifiedProposal(same.bytes).proposal.contacts) === JSON.stringify(contacts)) {
      own = same
    } else {
      own = sign(identity, { ...draft, serial: same.serial }, same.issuedAtBlock)
    }
    for (const other of stored) {
      const replaced = other.valid && other.serviceType === own.serviceType && other.serial !== own.serial
      if (replaced) proposals.saveOwn({ ...other, valid: false })
    }
    proposals.saveOwn(own)
    return own
  }

  /** Looks whether what should be on the chain is there, and announces it when it is not. */
  async function tend(offer: Offer): Promise<void> {
    if (offer.busy || stopped || !isCurrent(offer) || follower.progress().status !== 'online') return
    const { own } = offer
    const latest = proposals.latest(own.provider, own.serial)
    const onChain = latest !== undefined && sameBytes(latest.bytes, own.bytes)
    const renewAt = onChain ? latest.blockNumber + PROPOSAL_LIFETIME_BLOCKS - renewBeforeBlocks : 0
    if (onChain && syncedBlock() < renewAt) {
      offer.failures = 0
      report(offer, 'announced')
      return
    }
    // Mined already, as far as is known, only not copied yet.
    if (!onChain && offer.sentInBlock !== undefined && syncedBlock() < offer.sentInBlock) return
    if (clock.now() < offer.notBeforeMs) return
    offer.busy = true
    try {
      if (onChain || syncedBlock() - own.issuedAtBlock > FRESH_BLOCKS / 2) {
        offer.own = sign(offer.identity, readVerifiedProposal(own.bytes).proposal, own.issuedAtBlock)
        offer.sentInBlock = undefined
        proposals.saveOwn(offer.own)
      }
      const { blockNumber } = await chain.announce(offer.own.bytes, offer.gas)
      if (stopped || !isCurrent(offer)) return
      offer.sentInBlock = blockNumber
      later(offer)
    } catch (error) {
      if (stopped || !isCurrent(offer)) return
      later(offer)
      const known = error instanceof MystError
      const message = known ? error.message : 'The proposal could not be announced; trying again.'
      log.warn(`announcing ${own.serviceType} failed: ${error instanceof Error ? error.message : String(error)}`)
      report(offer, 'failed', message)
    } finally {
      offer.busy = false
    }
    // The follower may have copied the block before the receipt came.
    void tend(offer)
  }

  /** Every announcement costs gas: whatever goes wrong, the next one waits, and ever longer. */
  function later(offer: Offer): void {
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** offer.failures++)
    offer.notBeforeMs = clock.now() + waitMs
    offer.cancelRetry()
    offer.cancelRetry = clock.after(waitMs, () => void tend(offer))
  }

  function isCurrent(offer: Offer): boolean {
    return offers.get(keyOf(offer.own.provider, offer.own.serviceType)) === offer
  }

  function tendAll(): void {
    for (const offer of offers.values()) void tend(offer)
  }

  const offChange = follower.onChange((change) => {
    if (change.kind === 'rolled-back') for (const offer of offers.values()) offer.sentInBlock = undefined
    tendAll()
  })
  const offProgress = follower.onProgress(tendAll)

  return {
    offer(request) {
      const own = prepare(request)
      const { provider, serviceType, serial } = own
      const before = offers.get(keyOf(provider, serviceType))
      before?.cancelRetry()
      if (before && before.own.serial === serial && sameBytes(before.own.bytes, own.bytes)) {
        // The same once more: whatever is under way for it goes on; what failed is tried at once.
        before.gas = request.gas
        before.notBeforeMs = 0
        void tend(before)
        return readVerifiedProposal(own.bytes).proposal
      }
      const offer: Offer = {
        identity: request.identity,
        gas: request.gas,
        own,
        status: { provider, serviceType, serial, state: 'starting' },
        busy: false,
        sentInBlock: undefined,
        failures: 0,
        notBeforeMs: 0,
        cancelRetry: () => undefined,
      }
      offers.set(keyOf(provider, serviceType), offer)
      for (const handle of [...handles]) handle(offer.status)
      void tend(offer)
      return readVerifiedProposal(own.bytes).proposal
    },
    withdraw(provider, serviceType) {
      const offer = offers.get(keyOf(provider, serviceType))
      offer?.cancelRetry()
      offers.delete(keyOf(provider, serviceType))
    },
    offered(provider, serial) {
      const offer = [...offers.values()].find(({ own }) => own.provider === provider && own.serial === serial)
      return offer && readVerifiedProposal(offer.own.bytes).proposal
    },
    statuses: () => [...offers.values()].map(({ status }) => status),
    onStatus(handle) {
      handles.add(handle)
      return () => void handles.delete(handle)
    },
    stop() {
      stopped = true
      offChange()
      offProgress()
      for (const offer of offers.values()) offer.cancelRetry()
    },
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
