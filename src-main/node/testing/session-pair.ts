import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { MYST } from '#shared/model/units.ts'

import { createCatalogue } from '../discovery/catalogue.ts'
import { silentLogger } from '../lib/logger.ts'
import { createPayments } from '../payments/create-payments.ts'
import type { Dialogues } from '../ports/dialogue.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { Store } from '../ports/store.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import { signProposal } from '../protocol/proposal.ts'
import { createConnection } from '../session/connection.ts'
import { createServingLimits } from '../session/provider/serving-limits.ts'
import { createProviderSessions } from '../session/provider-sessions.ts'
import { createRecords } from '../session/records.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { createLedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createProposalRepository } from '../storage/proposal-repository.ts'
import { createSessionRepository } from '../storage/session-repository.ts'
import { createShareVolumeRepository } from '../storage/share-volume-repository.ts'
import { createDialoguePair } from './dialogue-pair.ts'
import { createManualClock } from './manual-clock.ts'
import { createMemoryChain, noGas } from './memory-chain.ts'
import { createTestIdentity } from './memory-registry.ts'
import { createMemoryService } from './memory-service.ts'

const DOMAIN = { chainId: 31_337n, serviceDirectory: `0x${'11'.repeat(20)}` }

export type SessionPairOptions = {
  price?: bigint
  unit?: 'GiB' | 'hour'
  maxAtRisk?: bigint
  policy?: Partial<PaymentPolicy>
  probes?: string[]
  directAddress?: string
  maxSessions?: number
  /** When the provider serves nobody. */
  limits?: { hours?: string; monthlyBytes?: bigint }
  deposit?: bigint
  /** The service is one that guards the whole machine, as OpenVPN does. */
  guarded?: boolean
  /** An earlier program left the guard standing since then. */
  leftBlockedAtMs?: number
  /** The network names a place for large answers, and a name server, too. */
  transfer?: boolean
  /** The name server is the person's own choice. */
  ownResolver?: boolean
  /** Without envelopes around the messages. */
  plain?: boolean
}

/**
 * A consumer and a provider over a real dialogue with a store each, and a tunnel of counters. The consumer's
 * catalogue lists two offers: the provider's, which is the cheapest, and one of somebody who is not there.
 */
export async function createSessionPair(options: SessionPairOptions = {}) {
  const clock = createManualClock()
  const pair = await createDialoguePair({ clock, ...(options.plain ? { plain: true } : {}) })
  const chain = createMemoryChain(pair.registry)
  chain.deposit(pair.identities.a.id, options.deposit ?? 10n * MYST)
  const policy: PaymentPolicy = {
    minimumIncrease: MYST / 100n,
    maximumPromise: 50n * MYST,
    updateAllowed: true,
    freeTrial: 0n,
    feeBps: 100,
    ...options.policy,
  }
  const side = (identity: UnlockedIdentity) => {
    const store = openStore(':memory:')
    migrate(store)
    const ledger = createLedgerRepository(store, identity.id)
    const proposals = createProposalRepository(store)
    const catalogue = createCatalogue({
      ...{ proposals, log: silentLogger },
      domain: DOMAIN,
      syncedBlock: () => 1,
      isOwn: (id) => id === identity.id,
    })
    const payments = createPayments({
      conduct: {
        word: (peer) => proposals.conduct.word(identity.id, peer),
        saveWord: (peer, word) => proposals.conduct.saveWord(identity.id, peer, word),
        record: (peer, what) => catalogue.recordMisconduct(peer, { ...what, atMs: clock.now() }),
      },
      identity,
      chain,
      facts: chain.facts,
      gas: () => noGas,
      registry: pair.registry,
      ledger,
      clock,
      log: silentLogger,
      policy: () => policy,
      clearings: chain.clearings,
    })
    const repository = createSessionRepository(store, identity.id)
    const network = { chainId: 31_337, paymentAccounts: `0x${'44'.repeat(20)}` as const }
    return { store, ledger, catalogue, payments, repository, records: createRecords({ identity, network, repository }) }
  }
  const consumer = side(pair.identities.a)
  const provider = side(pair.identities.b)
  const serviceType = options.guarded ? 'openvpn' : 'socks'
  const { guarded = false, leftBlockedAtMs } = options
  const service = createMemoryService(serviceType, {
    guarded,
    ...(leftBlockedAtMs === undefined ? {} : { leftBlockedAtMs }),
  })
  const proposal: CopiedProposal = {
    formatVersion: 1,
    provider: pair.identities.b.id,
    serial: 7,
    serviceType,
    serviceLocation: { country: 'DE' },
    originLocation: { country: 'DE' },
    bandwidthMbps: 100,
    unit: options.unit ?? 'GiB',
    pricePerUnit: options.price ?? MYST,
    contacts: pair.contacts.b,
    bytes: new Uint8Array(),
    blockNumber: 1,
    expiresAtBlock: 60_001,
  }
  /** What the provider charges by; a test may make it differ from what was signed. */
  const offer = { ...proposal }
  const serving = await service.startProvider({ dataDir: '', publicAddress: '', maxSessions: 9 })
  const limits =
    options.limits &&
    createServingLimits(
      { clock, repository: createShareVolumeRepository(provider.store, pair.identities.b.id) },
      options.limits,
    )
  const serve = (
    dialogues: Dialogues,
    { payments, repository, records }: ReturnType<typeof side>,
    offered: CopiedProposal,
  ) =>
    createProviderSessions(
      {
        ...{ dialogues, payments, repository, records, clock, log: silentLogger },
        services: new Map([[serviceType, serving]]),
        offered: (serial) => (serial === offered.serial ? offered : undefined),
        ...(limits && { limits }),
      },
      { maxSessions: options.maxSessions ?? 5 },
    )
  const sessions = serve(pair.b, provider, offer)
  const other = createTestIdentity()
  const otherOffer = { ...proposal, provider: other.id, pricePerUnit: proposal.pricePerUnit * 2n }
  const extra: { sessions: ReturnType<typeof serve>; store: Store }[] = []
  /** Whoever else is on offer comes to life; resolves with the proposal to connect to. */
  async function startOther(): Promise<CopiedProposal> {
    const { dialogues, contacts } = await pair.join(other)
    const own = side(other)
    const reachable = { ...otherOffer, contacts }
    extra.push({ sessions: serve(dialogues, own, reachable), store: own.store })
    return reachable
  }
  announce(consumer.store, [
    { identity: pair.identities.b, offer: proposal },
    { identity: other, offer: otherOffer },
  ])
  const experience: string[] = []
  const maxAtRisk = options.maxAtRisk ?? MYST
  /** Where the consumer's machine is. */
  const place = { addresses: 'eth0 192.0.2.7/24' }
  const connection = createConnection(
    {
      dialogues: pair.a,
      payments: consumer.payments,
      serviceTypes: [service],
      catalogue: {
        recordSession: () => void experience.push('session'),
        recordFailure: () => void experience.push('failure'),
        recordGone: () => void experience.push('gone'),
      },
      probes: options.probes ?? ['http://probe.example/'],
      fetchDirectly: async () => options.directAddress ?? '203.0.113.5',
      ...(options.transfer && {
        checks: {
          ...{ transfer: 'http://probe.example/large', resolver: '192.0.2.53' },
          isOwnResolver: options.ownResolver === true,
        },
      }),
      localAddresses: () => place.addresses,
      controlEndpoints: [],
      clock,
      repository: consumer.repository,
      records: consumer.records,
      log: silentLogger,
    },
    { maxAtRisk },
  )
  /** Moves the clock until the promise is there. */
  async function settle<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 2_000 && !isDone; turn++) await clock.advance(turn < 200 ? 0 : 100)
    return promise
  }
  /** Moves the clock until the state is of that name. */
  async function until<Name extends ConnectionState['name']>(name: Name) {
    await settle(
      new Promise<void>((resolve) => {
        if (connection.state.name === name) return resolve()
        connection.onChange((state) => state.name === name && resolve())
      }),
    )
    return connection.state as Extract<ConnectionState, { name: Name }>
  }
  /** Seconds pass with traffic in each. */
  async function flow(seconds: number, bytes: { up?: bigint; down?: bigint }) {
    for (let second = 0; second < seconds; second++) {
      service.pass(bytes)
      await clock.advance(1_000)
      for (let turn = 0; turn < 30; turn++) await clock.advance(0)
    }
  }
  async function stop() {
    service.stuck = false
    await settle(
      Promise.all([
        connection.disconnect(),
        ...[sessions, ...extra.map((one) => one.sessions)].map((one) => one.stop()),
      ]),
    )
    await settle(pair.stop())
    for (const { store } of extra) store.close()
    consumer.store.close()
    limits?.stop()
    provider.store.close()
  }
  return {
    stop,
    clock,
    pair,
    /** Whoever else is on offer, for twice the price. */
    other: other.id,
    otherOffer,
    startOther,
    chain,
    consumer,
    provider,
    service,
    proposal,
    offer,
    sessions,
    connection,
    place,
    experience,
    settle,
    until,
    flow,
    maxAtRisk,
  }
}

/** As if the chain had been copied: who is registered, and what each offers. */
function announce(store: Store, offers: { identity: UnlockedIdentity; offer: CopiedProposal }[]) {
  const blocks = createChainRepository(store)
  const proposals = createProposalRepository(store)
  const hash = `0x${'1'.repeat(64)}` as const
  blocks.addBlock({ number: 1, hash }, false)
  offers.forEach(({ identity, offer }, logIndex) => {
    const { bytes: _bytes, blockNumber, expiresAtBlock: _end, formatVersion: _version, ...terms } = offer
    const place = { blockNumber, blockHash: hash, logIndex, transactionHash: hash }
    blocks.addRegistration({
      ...{ ...place, name: 'Registered', identity: identity.id, publicKey: identity.publicKey, value: MYST },
    })
    proposals.add({
      ...terms,
      ...{ blockNumber, logIndex, issuedAtBlock: 0 },
      serviceCountry: terms.serviceLocation.country,
      originCountry: terms.originLocation.country,
      bytes: signProposal(terms, 0, identity, DOMAIN).bytes,
    })
  })
}
