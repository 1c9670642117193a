import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Proposal, ProposalFilter } from '#shared/model/proposal.ts'

import { silentLogger } from '../lib/logger.ts'
import type { ChainEvent, Hex } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { FRESH_BLOCKS, PROPOSAL_LIFETIME_BLOCKS, readProposal, signProposal } from '../protocol/proposal.ts'
import { type ChainRepository, createChainRepository } from '../storage/chain-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createProposalRepository } from '../storage/proposal-repository.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { type Catalogue, createCatalogue, FAILURE_BLOCKS } from './catalogue.ts'

const alice = createSigningIdentity('alice')
const bob = createSigningIdentity('bob')
const carol = createSigningIdentity('carol')
const domain = { chainId: 31_337n, serviceDirectory: `0x${'11'.repeat(20)}` }
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

const terms = {
  serviceType: 'openvpn' as const,
  serviceLocation: { country: 'LT', asn: 13_194 },
  originLocation: { country: 'LT' },
  bandwidthMbps: 20,
  unit: 'GiB' as const,
  pricePerUnit: 100n,
  contacts: [{ channel: 'mqtt', address: 'mqtt://broker.example:1883' }],
}

let blocks: ChainRepository
let catalogue: Catalogue
let own: IdentityId | undefined

beforeEach(() => {
  const store = openStore(':memory:')
  migrate(store)
  blocks = createChainRepository(store)
  own = undefined
  catalogue = createCatalogue({
    proposals: createProposalRepository(store),
    domain,
    syncedBlock: () => blocks.tip()?.number ?? 0,
    isOwn: (id) => id === own,
    log: silentLogger,
  })
})

function register(...identities: UnlockedIdentity[]): void {
  blocks.addBlock({ number: 1, hash: hash(1) }, false)
  identities.forEach(({ id, publicKey }, logIndex) => {
    const place = { blockNumber: 1, blockHash: hash(1), logIndex, transactionHash: hash(1) }
    blocks.addRegistration({ ...place, name: 'Registered', identity: id, publicKey, value: 10n })
  })
}

type Change = Partial<Omit<Proposal, 'provider'>>
const bytesOf = (provider: UnlockedIdentity, issuedAtBlock: number, change: Change = {}) =>
  signProposal({ ...terms, serial: 0, ...change, provider: provider.id }, issuedAtBlock, provider, domain).bytes

/** As the follower does: one range, written with its block. */
async function copy(blockNumber: number, ...announced: Uint8Array[]): Promise<void> {
  const events = announced.map(
    (proposal, logIndex): ChainEvent => ({
      name: 'Announced',
      proposal,
      blockNumber,
      blockHash: hash(blockNumber),
      logIndex,
      transactionHash: hash(1),
    }),
  )
  const prepared = await catalogue.reader.prepare(events, { toBlock: blockNumber, headBlock: blockNumber })
  blocks.addBlock({ number: blockNumber, hash: hash(blockNumber) }, events.length === 0)
  prepared.write()
  prepared.committed()
  catalogue.changed({ kind: 'copied', toBlock: blockNumber, events })
}

const serials = (filter: ProposalFilter = {}) => catalogue.query(filter).map(({ serial }) => serial)

describe('the catalogue', () => {
  it('lists a proposal with its terms, its bytes and its end', async () => {
    register(alice)
    const bytes = bytesOf(alice, 9, { serial: 3 })
    await copy(10, bytes)
    expect(catalogue.find(alice.id, 3)).toEqual({
      ...terms,
      formatVersion: 1,
      provider: alice.id,
      serial: 3,
      bytes,
      blockNumber: 10,
      expiresAtBlock: 10 + PROPOSAL_LIFETIME_BLOCKS,
    })
    const found = catalogue.find(alice.id, 3)
    expect(found && readProposal(found.bytes, domain).proposal.provider).toBe(alice.id)
    expect(catalogue.query({})[0]).toMatchObject({
      preferred: false,
      own: false,
      experience: { sessions: 0, failures: 0 },
    })
    expect(catalogue.find(bob.id, 3)).toBeUndefined()
  })

  it('drops and counts what is forged, too large, of another chain, or of no country', async () => {
    register(alice, bob)
    const good = bytesOf(alice, 9)
    const forged = good.slice()
    forged.set(bytesOf(bob, 9).subarray(1, 66), 1)
    const elsewhere = signProposal({ ...terms, serial: 0, provider: alice.id }, 9, alice, { ...domain, chainId: 1n })
    await copy(10, forged, new Uint8Array(4097).fill(1), elsewhere.bytes, Uint8Array.of(1), new Uint8Array())
    expect(catalogue.query({})).toEqual([])
    expect(catalogue.dropped()).toBe(5)
    await copy(11, good)
    expect(catalogue.query({})).toHaveLength(1)
    expect(catalogue.dropped()).toBe(5)
  })

  it('lists a provider while it is registered', async () => {
    await copy(10, bytesOf(alice, 9))
    expect(catalogue.query({})).toEqual([])
    register(alice)
    expect(catalogue.query({})).toHaveLength(1)
  })

  it('lists an offer no more that its provider called gone, for an hour or until it is announced anew', async () => {
    register(alice)
    await copy(10, bytesOf(alice, 9, { serial: 1 }), bytesOf(alice, 9, { serial: 2 }))
    catalogue.recordGone({ provider: alice.id, serial: 1, blockNumber: 10 })
    expect(serials()).toEqual([2])
    expect(catalogue.candidates({}).map(({ serial }) => serial)).toEqual([2])
    expect(catalogue.summary().count).toBe(1)
    // Whoever names it may ask again.
    expect(catalogue.candidates({ provider: alice.id, serial: 1 })).toHaveLength(1)
    expect(catalogue.find(alice.id, 1)).toBeDefined()
    await copy(11, bytesOf(alice, 10, { serial: 1 }))
    expect(serials().sort()).toEqual([1, 2])
    expect(catalogue.summary().count).toBe(2)
    catalogue.recordGone({ provider: alice.id, serial: 2, blockNumber: 10 })
    await copy(311)
    expect(serials()).toEqual([1])
    await copy(312)
    expect(serials().sort()).toEqual([1, 2])
    expect(catalogue.summary().count).toBe(2)
  })

  it('replaces a serial by what was issued later, and keeps other serials', async () => {
    register(alice)
    const moved = [{ channel: 'direct', address: '192.0.2.1:4000' }]
    await copy(10, bytesOf(alice, 9, { serial: 1 }), bytesOf(alice, 9, { serial: 2 }))
    await copy(12, bytesOf(alice, 11, { serial: 1, contacts: moved }))
    expect(serials().sort()).toEqual([1, 2])
    expect(catalogue.find(alice.id, 1)).toMatchObject({ contacts: moved, blockNumber: 12 })
    blocks.rollBackTo(11)
    expect(catalogue.find(alice.id, 1)).toMatchObject({ contacts: terms.contacts, blockNumber: 10 })
  })

  it('lets nobody bring back an older state of a serial by announcing it again', async () => {
    register(alice)
    const old = bytesOf(alice, 9)
    const moved = [{ channel: 'direct', address: '192.0.2.1:4000' }]
    await copy(10, old)
    await copy(12, bytesOf(alice, 11, { contacts: moved }))
    await copy(13, old)
    expect(catalogue.find(alice.id, 0)?.contacts).toEqual(moved)
    await copy(9 + FRESH_BLOCKS + 1, old)
    expect(catalogue.dropped()).toBe(1)
    expect(catalogue.find(alice.id, 0)?.contacts).toEqual(moved)
  })

  it('takes no proposal from the future', async () => {
    register(alice)
    await copy(10, bytesOf(alice, 11))
    expect(catalogue.query({})).toEqual([])
    expect(catalogue.dropped()).toBe(1)
  })

  it('discards a proposal 60,000 blocks after its announcement, and lists it when announced again', async () => {
    register(alice)
    await copy(10, bytesOf(alice, 9))
    await copy(10 + PROPOSAL_LIFETIME_BLOCKS)
    expect(catalogue.summary().count).toBe(1)
    const before = catalogue.summary().revision
    await copy(11 + PROPOSAL_LIFETIME_BLOCKS)
    expect(catalogue.query({})).toEqual([])
    expect(catalogue.summary()).toEqual({ count: 0, revision: before + 1 })
    await copy(12 + PROPOSAL_LIFETIME_BLOCKS, bytesOf(alice, 11 + PROPOSAL_LIFETIME_BLOCKS))
    expect(catalogue.query({})).toHaveLength(1)
  })

  it('spends no signature check on what has expired long before it is read', async () => {
    const forged = bytesOf(alice, 9).fill(0, 1, 66)
    const place = { blockNumber: 10, blockHash: hash(10), logIndex: 0, transactionHash: hash(1) }
    const range = { toBlock: 2_000, headBlock: PROPOSAL_LIFETIME_BLOCKS + 11 }
    await catalogue.reader.prepare([{ ...place, name: 'Announced', proposal: forged }], range)
    expect(catalogue.dropped()).toBe(0)
  })
})

describe('a query', () => {
  const offers: Change[] = [
    { serial: 0, pricePerUnit: 300n },
    { serial: 1, pricePerUnit: 9n, serviceType: 'socks' },
    { serial: 2, pricePerUnit: 100n, serviceLocation: { country: 'DE' }, bandwidthMbps: 100 },
    { serial: 3, pricePerUnit: 2n ** 128n, originLocation: { country: 'US' } },
    { serial: 4, pricePerUnit: 0n, unit: 'hour' },
  ]

  beforeEach(async () => {
    register(alice, bob, carol)
    await copy(10, ...offers.map((change) => bytesOf(alice, 9, change)))
  })

  it.each<[string, ProposalFilter, number[]]>([
    ['nothing: all by ascending price', {}, [4, 1, 2, 0, 3]],
    ['the provider', { provider: bob.id }, []],
    ['the serial', { provider: alice.id, serial: 2 }, [2]],
    ['the service type', { serviceType: 'socks' }, [1]],
    ['the country of the service', { country: 'DE' }, [2]],
    ['the country of the traffic', { originCountry: 'US' }, [3]],
    ['the unit', { unit: 'hour' }, [4]],
    ['the highest price, itself included', { maxPricePerUnit: 100n }, [4, 1, 2]],
    ['the lowest bandwidth', { minBandwidthMbps: 100 }, [2]],
    ['several at once', { serviceType: 'openvpn', unit: 'GiB', maxPricePerUnit: 300n }, [2, 0]],
    ['how many', { limit: 2 }, [4, 1]],
    ['a text that is no country', { country: "LT' OR 1=1 --" }, []],
  ])('by %s', (_what, filter, expected) => {
    expect(serials(filter)).toEqual(expected)
  })

  it('puts preferred providers first, whatever their price', async () => {
    await copy(11, bytesOf(bob, 10, { serial: 70, pricePerUnit: 5_000n }))
    expect(serials().at(-2)).toBe(70)
    catalogue.prefer(bob.id, true)
    expect(serials()[0]).toBe(70)
    expect(catalogue.query({ provider: bob.id })[0]).toMatchObject({ preferred: true })
    catalogue.prefer(bob.id, false)
    expect(serials().at(-2)).toBe(70)
  })

  it('sorts by experience on demand: what worked, then what worked fast, and failures last', async () => {
    await copy(
      11,
      bytesOf(bob, 10, { serial: 70, pricePerUnit: 5_000n }),
      bytesOf(carol, 10, { serial: 80, pricePerUnit: 6_000n }),
    )
    catalogue.recordFailure(alice.id)
    catalogue.recordSession(bob.id, 900.4)
    catalogue.recordSession(carol.id, 300)
    expect(serials({ sort: 'experience', limit: 3 })).toEqual([80, 70, 4])
    expect(catalogue.query({ provider: bob.id })[0]?.experience).toEqual({
      sessions: 1,
      failures: 0,
      lastConnectMs: 900,
    })
    catalogue.recordFailure(carol.id)
    expect(serials({ sort: 'experience', limit: 2 })).toEqual([70, 80])
  })

  it('puts who failed last behind the others of its rank: until it works, announces again, or a day is over', async () => {
    catalogue.recordFailure(alice.id)
    await copy(11, bytesOf(bob, 10, { serial: 70, pricePerUnit: 5_000n }))
    const last = () => catalogue.query({ limit: 1 })[0]
    expect(last()).toMatchObject({ serial: 70 })
    expect(catalogue.candidates({ limit: 1 })[0]).toMatchObject({ serial: 70 })
    expect(catalogue.query({ serial: 1 })[0]?.experience).toEqual({ sessions: 0, failures: 1, failedLast: true })
    // Preferring counts for more.
    catalogue.prefer(alice.id, true)
    expect(last()).toMatchObject({ serial: 4 })
    catalogue.prefer(alice.id, false)

    catalogue.recordSession(alice.id, 500)
    expect(last()).toMatchObject({ serial: 4, experience: { sessions: 1, failures: 1 } })
    expect(last()?.experience).not.toHaveProperty('failedLast')

    catalogue.recordFailure(alice.id)
    await copy(12, bytesOf(alice, 11, { serial: 5, pricePerUnit: 6_000n }))
    expect(serials()).toEqual([70, 5, 4, 1, 2, 0, 3])
    await copy(11 + FAILURE_BLOCKS)
    expect(last()).toMatchObject({ serial: 70 })
    await copy(12 + FAILURE_BLOCKS)
    expect(last()).toMatchObject({ serial: 4 })
  })

  it('gives candidates in the same order, without one’s own', async () => {
    await copy(11, bytesOf(bob, 10, { serial: 70, pricePerUnit: 50n }))
    own = alice.id
    expect(catalogue.candidates({}).map(({ serial }) => serial)).toEqual([70])
    expect(catalogue.query({ provider: alice.id }).every((proposal) => proposal.own)).toBe(true)
  })

  it('moves the revision when it could answer differently, and tells so', async () => {
    const told: number[] = []
    catalogue.onRevision(({ revision }) => told.push(revision))
    const { revision } = catalogue.summary()
    await copy(11)
    expect(told).toEqual([])
    await copy(12, bytesOf(bob, 10, { serial: 70 }))
    catalogue.prefer(bob.id, true)
    expect(told).toEqual([revision + 1, revision + 2])
    expect(catalogue.summary().count).toBe(6)
  })

  it('answers as a plain search through the list would', () => {
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
    const anyFilter = fc.record({
      serviceType: maybe(fc.constantFrom('openvpn' as const, 'socks' as const)),
      country: maybe(fc.constantFrom('LT', 'DE', 'FR')),
      originCountry: maybe(fc.constantFrom('LT', 'US')),
      unit: maybe(fc.constantFrom('GiB' as const, 'hour' as const)),
      maxPricePerUnit: maybe(fc.constantFrom(0n, 9n, 99n, 100n, 2n ** 128n)),
      minBandwidthMbps: maybe(fc.constantFrom(1, 20.5, 100)),
    })
    fc.assert(
      fc.property(anyFilter, (given) => {
        const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
        const expected = offers
          .map((change) => ({ ...terms, serial: 0, ...change }))
          .filter((offer) => given.serviceType === undefined || offer.serviceType === given.serviceType)
          .filter((offer) => given.country === undefined || offer.serviceLocation.country === given.country)
          .filter((offer) => given.originCountry === undefined || offer.originLocation.country === given.originCountry)
          .filter((offer) => given.unit === undefined || offer.unit === given.unit)
          .filter((offer) => given.maxPricePerUnit === undefined || offer.pricePerUnit <= given.maxPricePerUnit)
          .filter((offer) => given.minBandwidthMbps === undefined || offer.bandwidthMbps >= given.minBandwidthMbps)
          .sort((a, b) => (a.pricePerUnit < b.pricePerUnit ? -1 : 1))
          .map(({ serial }) => serial)
        expect(serials(filter)).toEqual(expected)
      }),
    )
  })
})
