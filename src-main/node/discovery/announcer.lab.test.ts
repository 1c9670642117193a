import { Wallet } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'

import { createChain } from '../chain/create-chain.ts'
import { createFollower } from '../chain/follower.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { PROPOSAL_LIFETIME_BLOCKS } from '../protocol/proposal.ts'
import { createRegistry } from '../registry/registry.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createProposalRepository } from '../storage/proposal-repository.ts'
import { createGasAccount } from '../testing/gas-account.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { createAnnouncer, type OfferStatus, type Terms } from './announcer.ts'
import { createCatalogue } from './catalogue.ts'

const terms: Terms = {
  serviceType: 'openvpn',
  serviceLocation: { country: 'LT' },
  originLocation: { country: 'LT' },
  bandwidthMbps: 20,
  unit: 'GiB',
  pricePerUnit: MYST / 10n,
}
const contacts = [{ channel: 'mqtt', address: 'mqtt://127.0.0.1:1883' }]
const moved = [{ channel: 'mqtt', address: 'mqtt://192.0.2.7:1883' }]

let local: LocalChain
let chain: Chain
let gas: GasAccount
let alice: UnlockedIdentity
let names = 0
const undo: (() => void)[] = []

beforeAll(async () => {
  local = await startLocalChain()
  chain = createChain({ network: local.network, clock: systemClock })
  gas = await local.gasAccount()
})
afterAll(() => local?.stop())
beforeEach(async () => {
  alice = createSigningIdentity(`announcer test ${names++}`)
  await chain.register(alice, gas)
})
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

function startNode(options: { renewBeforeBlocks?: number } = {}) {
  const store = openStore(':memory:')
  migrate(store)
  const blocks = createChainRepository(store)
  const proposals = createProposalRepository(store)
  const domain = { chainId: chain.chainId, serviceDirectory: local.network.contracts.serviceDirectory }
  const syncedBlock = () => blocks.tip()?.number ?? 0
  const log = silentLogger
  const catalogue = createCatalogue({ proposals, domain, syncedBlock, isOwn: () => false, log })
  const readers = [createRegistry({ repository: blocks, log }).reader, catalogue.reader]
  const network = local.network
  const follower = createFollower({ chain, store, blocks, readers, network, clock: systemClock, log }, { pollMs: 30 })
  const clock = createManualClock()
  let sent = 0
  const counting: Pick<Chain, 'announce'> = {
    announce(bytes, account) {
      sent++
      return chain.announce(bytes, account)
    },
  }
  const announcer = createAnnouncer({ chain: counting, follower, proposals, domain, clock, log }, options)
  follower.start()
  undo.push(() => {
    announcer.stop()
    follower.stop()
    store.close()
  })
  /** Resolves with the next status that fits, or the present one. */
  const status = (test: (status: OfferStatus) => boolean) =>
    new Promise<OfferStatus>((resolve) => {
      const present = announcer.statuses().find(test)
      if (present) return resolve(present)
      const off = announcer.onStatus((next) => {
        if (!test(next)) return
        off()
        resolve(next)
      })
    })
  /** Resolves when the catalogue holds what `test` asks for. */
  const listed = (test: () => boolean) =>
    new Promise<void>((resolve) => {
      const off = follower.onProgress(() => {
        if (!test()) return
        off()
        resolve()
      })
      if (test()) {
        off()
        resolve()
      }
    })
  return { announcer, catalogue, clock, follower, listed, proposals, sent: () => sent, status }
}

const announced = (serial: number) => (status: OfferStatus) => status.state === 'announced' && status.serial === serial

describe('the announcer', () => {
  it('announces an offer once, and everybody finds it', async () => {
    const node = startNode()
    const proposal = node.announcer.offer({ identity: alice, gas, terms, contacts })
    expect(proposal).toEqual({ ...terms, formatVersion: 1, provider: alice.id, serial: 0, contacts })
    expect(node.announcer.offered(alice.id, 0)).toEqual(proposal)
    expect(node.proposals.own(alice.id)).toHaveLength(1)
    await node.status(announced(0))
    const stranger = startNode()
    await stranger.listed(() => stranger.catalogue.find(alice.id, 0) !== undefined)
    expect(stranger.catalogue.find(alice.id, 0)).toMatchObject(proposal)
    // The same once more is the same.
    expect(node.announcer.offer({ identity: alice, gas, terms, contacts })).toEqual(proposal)
    await local.control('anvil_mine', '0x5')
    await node.follower.reached((await chain.head()).number)
    expect(node.sent()).toBe(1)
  })

  it('keeps the serial for new contacts and takes a new one for new terms', async () => {
    const node = startNode()
    node.announcer.offer({ identity: alice, gas, terms, contacts })
    await node.status(announced(0))
    expect(node.announcer.offer({ identity: alice, gas, terms, contacts: moved }).serial).toBe(0)
    await node.status(announced(0))
    expect(node.catalogue.find(alice.id, 0)?.contacts).toEqual(moved)

    const dearer = { ...terms, pricePerUnit: MYST }
    expect(node.announcer.offer({ identity: alice, gas, terms: dearer, contacts: moved }).serial).toBe(1)
    expect(node.announcer.offered(alice.id, 0)).toBeUndefined()
    await node.status(announced(1))
    expect(node.announcer.offered(alice.id, 1)?.pricePerUnit).toBe(MYST)
    // Going back to old terms is new terms again: the old serial was given up.
    expect(node.announcer.offer({ identity: alice, gas, terms, contacts: moved }).serial).toBe(2)
    await node.status(announced(2))
    expect(node.sent()).toBe(4)
  })

  it('offers one proposal per service type, and ends an offer on demand', async () => {
    const node = startNode()
    node.announcer.offer({ identity: alice, gas, terms, contacts })
    node.announcer.offer({ identity: alice, gas, terms: { ...terms, serviceType: 'socks' }, contacts })
    await Promise.all([node.status(announced(0)), node.status(announced(1))])
    node.announcer.withdraw(alice.id, 'openvpn')
    expect(node.announcer.offered(alice.id, 0)).toBeUndefined()
    expect(node.announcer.offered(alice.id, 1)?.serviceType).toBe('socks')
    // The same terms again: the proposal on the chain still holds and is not paid for twice.
    expect(node.announcer.offer({ identity: alice, gas, terms, contacts }).serial).toBe(0)
    await node.status(announced(0))
    expect(node.sent()).toBe(2)
  })

  it('takes no serial that its identity used from another machine', async () => {
    const elsewhere = startNode()
    elsewhere.announcer.offer({ identity: alice, gas, terms, contacts })
    await elsewhere.status(announced(0))
    const node = startNode()
    await node.listed(() => node.catalogue.find(alice.id, 0) !== undefined)
    expect(node.announcer.offer({ identity: alice, gas, terms: { ...terms, bandwidthMbps: 1 }, contacts }).serial).toBe(
      1,
    )
    await node.status(announced(1))
  })

  it('announces again before the proposal expires, signed anew', async () => {
    // Sixty thousand blocks take minutes even here: renewed so early that twenty are enough.
    const node = startNode({ renewBeforeBlocks: PROPOSAL_LIFETIME_BLOCKS - 20 })
    node.announcer.offer({ identity: alice, gas, terms, contacts })
    await node.status(announced(0))
    const first = node.catalogue.find(alice.id, 0)
    await node.clock.advance(60_000)
    await local.control('anvil_mine', '0x13')
    await node.follower.reached((await chain.head()).number)
    expect(node.sent()).toBe(1)
    await local.control('anvil_mine', '0x1')
    await node.listed(() => (node.catalogue.find(alice.id, 0)?.blockNumber ?? 0) > (first?.blockNumber ?? 0))
    expect(node.catalogue.find(alice.id, 0)).toMatchObject({ ...terms, contacts })
    await node.status(announced(0))
    expect(node.sent()).toBe(2)
  })

  it('announces again what a reorganisation took away', async () => {
    const node = startNode()
    await node.follower.reached((await chain.head()).number)
    const snapshot = await local.control('evm_snapshot')
    node.announcer.offer({ identity: alice, gas, terms, contacts })
    await node.status(announced(0))
    await local.control('evm_revert', snapshot)
    await local.control('anvil_mine', '0x4')
    await node.listed(() => node.catalogue.find(alice.id, 0) === undefined)
    await node.clock.advance(60_000)
    await node.listed(() => node.catalogue.find(alice.id, 0) !== undefined)
    expect(node.sent()).toBe(2)
  })

  it('says why it cannot announce, and tries again later and not all the time', async () => {
    const node = startNode()
    const wallet = Wallet.createRandom()
    node.announcer.offer({ identity: alice, gas: createGasAccount(wallet), terms, contacts })
    const failed = await node.status(({ state }) => state === 'failed')
    expect(failed.message).toMatch(/does not hold enough ether/)
    await local.control('anvil_mine', '0x3')
    await node.follower.reached((await chain.head()).number)
    expect(node.sent()).toBe(1)
    await local.control('anvil_setBalance', wallet.address, '0xde0b6b3a7640000')
    await node.clock.advance(15_000)
    await node.status(announced(0))
    expect(node.sent()).toBe(2)
  })

  it('refuses terms that nobody would accept before anything is stored', () => {
    const node = startNode()
    const nowhere = { ...terms, originLocation: { country: 'XX' } }
    expect(() => node.announcer.offer({ identity: alice, gas, terms: nowhere, contacts })).toThrow(
      expect.objectContaining({ name: 'InvalidProposal' }),
    )
    expect(node.proposals.own(alice.id)).toEqual([])
    expect(node.announcer.statuses()).toEqual([])
  })
})
