import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { MYST } from '#shared/model/units.ts'

import { systemClock } from '../lib/clock.ts'
import { createLogger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { signProposal } from '../protocol/proposal.ts'
import { type FollowingNode, startFollowingNode } from '../testing/following-node.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { createChain } from './create-chain.ts'

let local: LocalChain
let chain: Chain
let gas: GasAccount
let names = 0
const undo: (() => void)[] = []

beforeAll(async () => {
  local = await startLocalChain()
  chain = createChain({ network: local.network, clock: systemClock })
})
afterAll(() => local?.stop())
beforeEach(async () => {
  gas = await local.gasAccount()
})
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

const newIdentity = () => createSigningIdentity(`follower test ${names++}`)
const domain = () => ({ chainId: chain.chainId, serviceDirectory: local.network.contracts.serviceDirectory })

type Options = Partial<Omit<Parameters<typeof startFollowingNode>[0], 'network'>>

function startNode(options: Options = {}): FollowingNode {
  const node = startFollowingNode({ chain, network: local.network, ...options })
  undo.push(node.stop)
  return node
}

async function synced(node: FollowingNode): Promise<void> {
  const head = await chain.head()
  await node.until(() => node.blocks.blockHash(head.number) === head.hash)
}

async function clear(issuer: UnlockedIdentity, benefiter: UnlockedIdentity, serial: bigint, amount: bigint) {
  const bare = { issuer: issuer.id, serial, benefiter: benefiter.id, amount }
  return chain.clear({ ...bare, signature: issuer.signTypedData(chain.promiseTypedData(bare)) }, benefiter, gas)
}

async function announce(provider: UnlockedIdentity, serial: number) {
  const { number } = await chain.head()
  const { bytes } = signProposal(
    {
      provider: provider.id,
      serial,
      serviceType: 'socks',
      serviceLocation: { country: 'LT' },
      originLocation: { country: 'LT' },
      bandwidthMbps: 10,
      unit: 'GiB',
      pricePerUnit: MYST,
      contacts: [{ channel: 'mqtt', address: 'mqtt://127.0.0.1:1883' }],
    },
    number,
    provider,
    domain(),
  )
  return chain.announce(bytes, gas)
}

/** Everything that was derived says what the contracts say. */
async function expectAsContracts(node: FollowingNode, ids: readonly IdentityId[]): Promise<void> {
  for (const id of ids) {
    expect(node.blocks.balanceOf(id)).toBe(await chain.balanceOf(id))
    for (const other of ids) {
      expect(node.blocks.lastClearedSerial(id, other)).toBe(await chain.lastClearedSerial(id, other))
    }
  }
  const network = await chain.networkAccount()
  expect(node.blocks.balanceOf(network)).toBe(await chain.balanceOf(network))
}

describe('a node that follows the chain', () => {
  it('comes to the same accounts, serials, identities and proposals as the contracts', async () => {
    const [alice, bob] = [newIdentity(), newIdentity()]
    await chain.register(alice, gas)
    await chain.deposit(alice.id, 20n * MYST, gas)
    await clear(alice, bob, 2n, 3n * MYST)
    await clear(alice, bob, 5n, 4n * MYST)
    await announce(alice, 0)
    await announce(bob, 0)
    const to = `0x${'aa'.repeat(20)}` as const
    const { executableAt } = await chain.announceWithdrawal(bob, MYST, to, gas)
    const node = startNode()
    await synced(node)
    await expectAsContracts(node, [alice.id, bob.id])
    expect(node.registry.publicKey(alice.id)).toEqual(alice.publicKey)
    expect(node.registry.registeredValue(alice.id)).toBe(await chain.registrationFee())
    expect(node.registry.publicKey(bob.id)).toBeUndefined()
    expect(node.blocks.withdrawalOf(bob.id)).toEqual({ amount: MYST, to, executableAt })
    // Bob may announce, and is not listed before he is registered.
    expect(node.catalogue.query({ provider: alice.id })).toHaveLength(1)
    expect(node.catalogue.query({ provider: bob.id })).toHaveLength(0)
    const { blockNumber } = await chain.register(bob, gas)
    await node.follower.reached(blockNumber)
    expect(node.catalogue.query({ provider: bob.id })).toHaveLength(1)
    expect(node.follower.progress()).toMatchObject({ status: 'online' })
  })

  it('tells of each registration once, when it is on disk', async () => {
    const node = startNode()
    await synced(node)
    const alice = newIdentity()
    const told: string[] = []
    node.registry.onRegistered((id) => {
      expect(node.registry.publicKey(id)).toBeDefined()
      told.push(id)
    })
    await node.follower.reached((await chain.register(alice, gas)).blockNumber)
    expect(told).toEqual([alice.id])
  })

  it('goes on where it stopped after a restart, and counts nothing twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myst-follower-'))
    undo.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'node.sqlite')
    const alice = newIdentity()
    await chain.deposit(alice.id, MYST, gas)
    const first = startNode({ path })
    await synced(first)
    first.stop()
    await chain.deposit(alice.id, MYST, gas)
    const asked: number[] = []
    const second = startNode({
      path,
      chain: {
        ...chain,
        events: (from, to) => {
          asked.push(from)
          return chain.events(from, to)
        },
      },
    })
    const before = second.follower.progress().syncedBlock
    await synced(second)
    expect(Math.min(...asked)).toBe(before + 1)
    expect(second.blocks.balanceOf(alice.id)).toBe(2n * MYST)
  })

  it('waits for the confirmations it was told to', async () => {
    const node = startNode({ confirmations: 3 })
    const alice = newIdentity()
    const { blockNumber } = await chain.deposit(alice.id, MYST, gas)
    await local.control('anvil_mine', '0x2')
    await node.follower.reached(blockNumber - 1)
    await node.until(({ headBlock }) => headBlock === blockNumber + 2)
    expect(node.blocks.balanceOf(alice.id)).toBe(0n)
    await local.control('anvil_mine', '0x1')
    await node.follower.reached(blockNumber)
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
  })

  it.each(['head', 'blockHash', 'events'] as const)(
    'writes and says nothing after it was stopped during %s',
    async (at) => {
      const asked = Promise.withResolvers<void>()
      const release = Promise.withResolvers<void>()
      let holding = false
      const held = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
        if (!holding) return answer
        asked.resolve()
        await release.promise
        return answer
      }
      const lines: string[] = []
      const node = startNode({
        log: createLogger((line) => lines.push(line)),
        chain: {
          ...chain,
          head: () => (at === 'head' ? held(chain.head()) : chain.head()),
          blockHash: (number) => (at === 'blockHash' ? held(chain.blockHash(number)) : chain.blockHash(number)),
          events: (from, to) => (at === 'events' ? held(chain.events(from, to)) : chain.events(from, to)),
        },
      })
      await synced(node)
      holding = true
      await local.control('anvil_mine', '0x1')
      await asked.promise
      let changes = 0
      node.follower.onChange(() => changes++)
      node.stop()
      release.resolve()
      // Longer than what was held takes to come through.
      await chain.head()
      await chain.head()
      expect(changes).toBe(0)
      expect(lines).toEqual([])
    },
  )

  it('gives up waiting for a block when told to', async () => {
    const node = startNode()
    const given = new AbortController()
    const waiting = node.follower.reached(10_000_000, given.signal)
    given.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(node.follower.reached(10_000_000, given.signal)).rejects.toThrow('enough')
  })
})

describe('a copy', () => {
  it('is current from the moment it reached the head until a minute passed without another look', async () => {
    const clock = createManualClock()
    let holding: Promise<void> | undefined
    const node = startNode({
      clock,
      chain: {
        ...chain,
        async head() {
          await holding
          return chain.head()
        },
      },
    })
    expect(node.follower.isCurrent()).toBe(false)
    await node.until(({ status }) => status === 'online')
    expect(node.follower.isCurrent()).toBe(true)

    const release = Promise.withResolvers<void>()
    holding = release.promise
    await clock.advance(60_000)
    expect(node.follower.isCurrent()).toBe(true)
    await clock.advance(1)
    expect(node.follower.isCurrent()).toBe(false)

    release.resolve()
    const { blockNumber } = await chain.announce(Uint8Array.of(1), gas)
    await node.follower.reached(blockNumber)
    await node.until(() => node.follower.isCurrent())
    node.stop()
    expect(node.follower.isCurrent()).toBe(false)
  })

  it('is not current while the blockchain node is away', async () => {
    let gone = false
    const nowhere = createChain({ network: { ...local.network, rpc: ['http://127.0.0.1:1'] }, clock: systemClock })
    const node = startNode({ chain: { ...chain, head: () => (gone ? nowhere : chain).head() } })
    await synced(node)
    await node.until(({ status }) => status === 'online')
    expect(node.follower.isCurrent()).toBe(true)
    gone = true
    await node.until(({ status }) => status === 'unreachable')
    expect(node.follower.isCurrent()).toBe(false)
    gone = false
    await node.until(({ status }) => status === 'online')
    expect(node.follower.isCurrent()).toBe(true)
  })
})

describe('a reorganisation', () => {
  it.each([
    ['as long as before', 4],
    ['longer than before', 9],
    ['shorter than before', 1],
  ])('is undone and replayed when the new chain is %s', async (_what, blocksAfter) => {
    const [alice, bob, carol] = [newIdentity(), newIdentity(), newIdentity()]
    await chain.register(alice, gas)
    await chain.deposit(alice.id, 20n * MYST, gas)
    await clear(alice, bob, 1n, 2n * MYST)
    const node = startNode()
    await synced(node)
    const kept = node.blocks.tip()

    const snapshot = await local.control('evm_snapshot')
    // Paid by another account: ours would send again what a reorganisation undid.
    const ours = gas
    gas = await local.gasAccount()
    await clear(alice, bob, 7n, 3n * MYST)
    await chain.register(carol, gas)
    await announce(alice, 0)
    await chain.announceWithdrawal(bob, MYST, `0x${'aa'.repeat(20)}`, gas)
    await synced(node)
    expect(node.blocks.lastClearedSerial(alice.id, bob.id)).toBe(7n)
    expect(node.catalogue.query({ provider: alice.id })).toHaveLength(1)

    const undone: number[] = []
    node.follower.onChange((change) => {
      if (change.kind === 'rolled-back') undone.push(change.toBlock)
    })
    await local.control('evm_revert', snapshot)
    gas = ours
    await clear(alice, bob, 3n, MYST)
    if (blocksAfter > 1) await local.control('anvil_mine', `0x${(blocksAfter - 1).toString(16)}`)
    await synced(node)

    expect(undone).toHaveLength(1)
    expect(undone[0]).toBeLessThanOrEqual(kept?.number ?? 0)
    expect(node.blocks.lastClearedSerial(alice.id, bob.id)).toBe(3n)
    await expectAsContracts(node, [alice.id, bob.id, carol.id])
    expect(node.registry.publicKey(carol.id)).toBeUndefined()
    expect(node.registry.publicKey(alice.id)).toBeDefined()
    expect(node.blocks.withdrawalOf(bob.id)).toBeUndefined()
    expect(node.catalogue.query({ provider: alice.id })).toEqual([])
  })

  it('of blocks in which nothing changed but their hashes leaves everything as it was', async () => {
    const [alice, bob] = [newIdentity(), newIdentity()]
    await chain.register(alice, gas)
    await chain.deposit(alice.id, 20n * MYST, gas)
    const node = startNode()
    await local.control('anvil_mine', '0x6')
    await synced(node)
    const tip = node.blocks.tip()
    await local.control('anvil_reorg', 5, [])
    await synced(node)
    expect(node.blocks.tip()?.hash).not.toBe(tip?.hash)
    await clear(alice, bob, 1n, MYST)
    await synced(node)
    await expectAsContracts(node, [alice.id, bob.id])
  })

  it('while a range is being read is noticed before anything is written', async () => {
    const alice = newIdentity()
    await chain.deposit(alice.id, MYST, gas)
    const snapshot = await local.control('evm_snapshot')
    await chain.deposit(alice.id, 2n * MYST, gas)
    let pulled = false
    const node = startNode({
      chain: {
        ...chain,
        async events(from, to) {
          const events = await chain.events(from, to)
          if (!pulled) {
            pulled = true
            await local.control('evm_revert', snapshot)
            await local.control('anvil_mine', '0x3')
          }
          return events
        },
      },
    })
    const kinds = new Set<string>()
    node.follower.onChange(({ kind }) => kinds.add(kind))
    await node.until(({ status }) => status === 'online')
    await synced(node)
    expect(pulled).toBe(true)
    expect([...kinds]).toEqual(['copied'])
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
    await expectAsContracts(node, [alice.id])
  })
})

describe('a blockchain node that fails', () => {
  it('is waited for; then copying goes on', async () => {
    const alice = newIdentity()
    let gone = false
    const flaky = <Rest extends unknown[], Answer>(ask: (...rest: Rest) => Promise<Answer>) => {
      const broken = createChain({ network: { ...local.network, rpc: ['http://127.0.0.1:1'] }, clock: systemClock })
      return async (...rest: Rest): Promise<Answer> => {
        if (gone) await broken.check()
        return ask(...rest)
      }
    }
    const node = startNode({
      chain: { ...chain, head: flaky(chain.head), blockHash: flaky(chain.blockHash), events: flaky(chain.events) },
    })
    await synced(node)
    gone = true
    await node.until(({ status }) => status === 'unreachable')
    expect(node.follower.progress().message).toMatch(/No blockchain node answers/)
    await chain.deposit(alice.id, MYST, gas)
    gone = false
    await node.until(({ status }) => status === 'online')
    await synced(node)
    expect(node.follower.progress().message).toBeUndefined()
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
  })

  it('that lags behind is given time instead of being believed at once', async () => {
    const alice = newIdentity()
    const old = await chain.head()
    await chain.deposit(alice.id, MYST, gas)
    let lagging = 0
    const node = startNode({
      chain: {
        ...chain,
        async head() {
          if (lagging === 0) return chain.head()
          lagging--
          return old
        },
      },
    })
    await synced(node)
    let undone = 0
    node.follower.onChange((change) => {
      if (change.kind === 'rolled-back') undone++
    })
    lagging = 3
    await node.until(({ headBlock }) => headBlock === old.number)
    await node.until(({ headBlock }) => headBlock > old.number)
    expect(undone).toBe(0)
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
  })

  it('that refuses large ranges is asked for smaller ones', async () => {
    const alice = newIdentity()
    await chain.deposit(alice.id, MYST, gas)
    await local.control('anvil_mine', '0x80')
    const refusing = createChain({
      network: local.network,
      clock: systemClock,
      fetch: async (url, init) => {
        const { method, params, id } = JSON.parse(String(init?.body))
        if (method === 'eth_getLogs' && Number(params[0].toBlock) - Number(params[0].fromBlock) >= 16) {
          const error = { code: -32_602, message: 'block range is too large' }
          return new Response(JSON.stringify({ jsonrpc: '2.0', id, error }))
        }
        return fetch(url, init)
      },
    })
    const node = startNode({ chain: refusing })
    await synced(node)
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
  })
})
