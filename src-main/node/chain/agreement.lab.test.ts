import { Interface } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'

import { systemClock } from '../lib/clock.ts'
import { createLogger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { type FollowingNode, startFollowingNode } from '../testing/following-node.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createRpcNodes, honest, type RpcNode, type RpcReply, type RpcRequest } from '../testing/rpc-nodes.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { createChain } from './create-chain.ts'
import { contracts } from './generated/contracts.ts'

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

const newIdentity = () => createSigningIdentity(`agreement test ${names++}`)
const contradiction = expect.objectContaining({
  name: 'ChainDisputed',
  message: expect.stringMatching(
    /^The blockchain nodes (alpha|beta)\.test and (alpha|beta)\.test contradict each other;/,
  ),
})

/** Two nodes in front of the real chain: which of them is the first asked must not matter. */
const ORDERS = [
  ['first', (other: RpcNode) => ({ alpha: other, beta: honest })],
  ['second', (other: RpcNode) => ({ alpha: honest, beta: other })],
] as const
type Pair = (typeof ORDERS)[number][1]

/** A chain over two nodes, and a clock that can be put forward, so that who was away is looked at again. */
function open(nodes: Record<string, RpcNode>) {
  let aheadMs = 0
  const { rpc, fetch } = createRpcNodes(local.network.rpc[0] ?? '', nodes)
  const clock = { ...systemClock, now: () => Date.now() + aheadMs }
  const both = createChain(
    { network: { ...local.network, rpc }, clock, fetch },
    { timeoutMs: 2_000, receiptPollMs: 20 },
  )
  return { both, skip: (ms: number) => (aheadMs += ms) }
}

function follow(source: Chain) {
  const lines: string[] = []
  let heard = () => {}
  const node = startFollowingNode({
    chain: source,
    network: local.network,
    log: createLogger((line) => {
      lines.push(line)
      heard()
    }),
  })
  undo.push(node.stop)
  /** Resolves once a line of the log fits. */
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      heard = () => lines.some((line) => pattern.test(line)) && resolve()
      heard()
    })
  return { ...node, lines, said }
}

async function synced(node: FollowingNode): Promise<void> {
  const head = await chain.head()
  await node.until(() => node.blocks.blockHash(head.number) === head.hash && node.follower.isCurrent())
}

async function clear(issuer: UnlockedIdentity, benefiter: UnlockedIdentity, serial: bigint, amount: bigint) {
  const bare = { issuer: issuer.id, serial, benefiter: benefiter.id, amount }
  return chain.clear({ ...bare, signature: issuer.signTypedData(chain.promiseTypedData(bare)) }, benefiter, gas)
}

/** Does something else with the answer to one method while `lying` says so. */
function changing(method: string, change: (reply: RpcReply, request: RpcRequest) => RpcReply) {
  const liar = { lying: true, lies: 0, lied: () => {}, node: honest }
  liar.node = async (request, real) => {
    const reply = await real()
    if (!liar.lying || request.method !== method) return reply
    const changed = change(reply, request)
    if (changed !== reply) {
      liar.lies++
      liar.lied()
    }
    return changed
  }
  return liar
}

type RawLog = { topics: string[] }
const topicOf = (abi: ConstructorParameters<typeof Interface>[0], name: string) =>
  new Interface(abi).getEvent(name)?.topicHash ?? ''

function hiding(topic: string) {
  return changing('eth_getLogs', (reply) => {
    const logs = reply.result as RawLog[] | undefined
    return logs?.some(({ topics }) => topics[0] === topic)
      ? { result: logs.filter(({ topics }) => topics[0] !== topic) }
      : reply
  })
}

describe.each(ORDERS)('of two blockchain nodes the %s', (_which, pair: Pair) => {
  it('hides a registration: the copy stays where both agreed, says so, and goes on when they agree again', async () => {
    const liar = hiding(topicOf(contracts.IdentityRegistry.abi, 'Registered'))
    const node = follow(open(pair(liar.node)).both)
    const alice = newIdentity()
    liar.lying = false
    await synced(node)
    liar.lying = true
    const { blockNumber } = await chain.register(alice, gas)
    await node.until(({ status }) => status === 'unreachable')
    expect(node.blocks.tip()?.number).toBeLessThan(blockNumber)
    expect(node.registry.publicKey(alice.id)).toBeUndefined()
    expect(node.follower.isCurrent()).toBe(false)
    expect(node.follower.progress().message).toBe(
      'The blockchain nodes alpha.test and beta.test contradict each other; nothing new is believed until they agree, or until one is taken out of the network file.',
    )
    expect(node.lines.filter((line) => line.includes('contradict each other'))).toHaveLength(1)
    liar.lying = false
    await synced(node)
    expect(node.registry.publicKey(alice.id)).toEqual(alice.publicKey)
    expect(node.follower.progress().message).toBeUndefined()
  })

  it('hides a clearing: neither balance nor serial of before is taken for current', async () => {
    const [alice, bob] = [newIdentity(), newIdentity()]
    await chain.register(alice, gas)
    await chain.deposit(alice.id, 5n * MYST, gas)
    const liar = hiding(topicOf(contracts.PaymentAccounts.abi, 'Cleared'))
    liar.lying = false
    const node = follow(open(pair(liar.node)).both)
    await synced(node)
    liar.lying = true
    await clear(alice, bob, 1n, 2n * MYST)
    // What comes after the clearing is not copied either.
    await chain.deposit(alice.id, MYST, gas)
    await node.until(({ status }) => status === 'unreachable')
    expect(liar.lies).toBeGreaterThanOrEqual(3)
    expect(node.follower.isCurrent()).toBe(false)
    expect(node.blocks.balanceOf(alice.id)).toBe(5n * MYST)
    liar.lying = false
    await synced(node)
    expect(node.blocks.balanceOf(alice.id)).toBe(4n * MYST)
    expect(node.blocks.lastClearedSerial(alice.id, bob.id)).toBe(1n)
  })

  it('makes a balance, a serial or a fee larger: the question has no answer', async () => {
    const liar = changing('eth_call', () => ({ result: `0x${(1_000n * MYST).toString(16).padStart(64, '0')}` }))
    const { both } = open(pair(liar.node))
    const alice = newIdentity()
    await chain.deposit(alice.id, MYST, gas)
    for (const question of [
      () => both.balanceOf(alice.id),
      () => both.lastClearedSerial(alice.id, alice.id),
      () => both.registrationFee(),
      () => both.networkFeeBps(),
      () => both.tokenBalanceOf(gas.address),
    ]) {
      await expect(question()).rejects.toThrow(contradiction)
    }
    liar.lying = false
    expect(await both.balanceOf(alice.id)).toBe(MYST)
    const ether = changing('eth_getBalance', () => ({ result: '0xffffffffffffffffffff' }))
    await expect(open(pair(ether.node)).both.gasBalanceOf(gas.address)).rejects.toThrow(contradiction)
  })

  it('makes up the hash of a block: the copy ends before it', async () => {
    const { number } = await chain.head()
    const forged = changing('eth_getBlockByNumber', (reply) => {
      const found = reply.result as { number: string } | null
      if (!found || Number(found.number) <= number) return reply
      return { result: { ...found, hash: `0x${'bad0'.repeat(16)}` } }
    })
    const node = follow(open(pair(forged.node)).both)
    await synced(node)
    const alice = newIdentity()
    await chain.deposit(alice.id, MYST, gas)
    await chain.deposit(alice.id, MYST, gas)
    await node.until(({ status }) => status === 'unreachable')
    expect(node.follower.progress().message).toMatch(/contradict each other/)
    expect(node.blocks.tip()?.number).toBe(number)
    expect(node.blocks.balanceOf(alice.id)).toBe(0n)
  })

  it('makes up the hash of a block that was copied: nothing is undone for it', async () => {
    const liar = changing('eth_getBlockByNumber', (reply) => ({
      result: { ...(reply.result as object), hash: `0x${'bad0'.repeat(16)}` },
    }))
    liar.lying = false
    const alice = newIdentity()
    await chain.deposit(alice.id, MYST, gas)
    const node = follow(open(pair(liar.node)).both)
    await synced(node)
    const kinds: string[] = []
    node.follower.onChange(({ kind }) => kinds.push(kind))
    liar.lying = true
    await node.until(({ status }) => status === 'unreachable')
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
    expect(kinds).toEqual([])
  })

  it('is three blocks late: the copy goes as far as both know, and that is no quarrel', async () => {
    await local.control('anvil_mine', '0x5')
    const { both } = open(pair(late(3)))
    const node = follow(both)
    const alice = newIdentity()
    const { blockNumber } = await chain.deposit(alice.id, MYST, gas)
    await node.until(({ status, syncedBlock }) => status === 'online' && syncedBlock === blockNumber - 3)
    expect(node.follower.isCurrent()).toBe(true)
    expect(node.blocks.tip()?.number).toBe(blockNumber - 3)
    expect(await both.balanceOf(alice.id)).toBe(0n)
    await local.control('anvil_mine', '0x3')
    await node.follower.reached(blockNumber)
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
    expect(await both.balanceOf(alice.id)).toBe(MYST)
    expect(node.lines).toEqual([])
  })

  it('stands still far behind: who it is is said, nothing of the past is taken for the present', async () => {
    await local.control('anvil_mine', '0x20')
    const { both } = open(pair(late(30)))
    const node = follow(both)
    const { number } = await chain.head()
    await node.until(({ status }) => status === 'unreachable')
    expect(node.follower.progress().message).toMatch(
      /^The blockchain node (alpha|beta)\.test is 30 blocks behind (alpha|beta)\.test, and the two cannot be compared;/,
    )
    expect(node.follower.isCurrent()).toBe(false)
    expect(node.blocks.tip()?.number).toBe(number - 30)
    await expect(both.balanceOf(newIdentity().id)).rejects.toThrow(/30 blocks behind/)
  })

  it.each<[string, RegExp, RpcNode]>([
    [
      'does not answer',
      /left out: \w+\.test \(connection refused\)/,
      () => Promise.reject(new TypeError('connection refused')),
    ],
    [
      'breaks off in the middle',
      /left out: \w+\.test \(/,
      async (_request, real) => new Response(JSON.stringify(await real()).slice(0, -9)),
    ],
    [
      'is on another chain',
      /left out: \w+\.test \(The blockchain node is on chain 1, not on chain 31337/,
      changing('eth_chainId', () => ({ result: '0x1' })).node,
    ],
    [
      'has no contracts',
      /left out: \w+\.test \(There is no contract at 0x\w+ on this chain/,
      changing('eth_getCode', () => ({ result: '0x' })).node,
    ],
  ])('%s: it is left out, and the other is followed', async (_what, line, broken) => {
    const alice = newIdentity()
    const { both } = open(pair(broken))
    const node = follow(both)
    await chain.deposit(alice.id, MYST, gas)
    await synced(node)
    expect(node.blocks.balanceOf(alice.id)).toBe(MYST)
    expect(await both.balanceOf(alice.id)).toBe(MYST)
    expect(node.lines.filter((one) => line.test(one))).toHaveLength(1)
    expect(both.nodes()).toMatchObject({ of: 2, leftOut: [{}] })
    await both.check()
  })

  it('has other contracts in the right places: nothing it says agrees', async () => {
    const other = changing('eth_getCode', (reply) => ({ result: `${reply.result}00` }))
    const { both } = open(pair(other.node))
    await expect(both.registrationFee()).rejects.toThrow(contradiction)
  })

  it('lied while the other was away: it is found out, and what was copied of it is copied anew', async () => {
    const liar = hiding(topicOf(contracts.IdentityRegistry.abi, 'Registered'))
    let gone = true
    const sometimes: RpcNode = (_request, real) => (gone ? Promise.reject(new TypeError('gone')) : real())
    const swapped = pair(sometimes)
    const { both, skip } = open(
      swapped.alpha === sometimes ? { alpha: sometimes, beta: liar.node } : { alpha: liar.node, beta: sometimes },
    )
    const node = follow(both)
    const [alice, bob] = [newIdentity(), newIdentity()]
    await chain.register(alice, gas)
    await synced(node)
    expect(node.registry.publicKey(alice.id)).toBeUndefined()

    // Back again, it contradicts; and the liar, seeing that, tells the truth from now on.
    gone = false
    skip(11_000)
    await node.until(({ status }) => status === 'unreachable')
    expect(node.follower.progress().message).toMatch(/contradict each other/)
    liar.lying = false
    await node.until(() => node.registry.publicKey(alice.id) !== undefined)
    expect(node.lines.some((line) => line.includes('said alone from block'))).toBe(true)
    await chain.register(bob, gas)
    await synced(node)
    expect(node.registry.publicKey(bob.id)).toEqual(bob.publicKey)
  })

  it('told the truth while the other was away: it is compared once, and nothing is undone', async () => {
    let gone = true
    const { both, skip } = open(pair((_request, real) => (gone ? Promise.reject(new TypeError('gone')) : real())))
    const node = follow(both)
    const alice = newIdentity()
    await chain.register(alice, gas)
    await synced(node)
    const kinds: string[] = []
    node.follower.onChange(({ kind }) => kinds.push(kind))
    gone = false
    skip(11_000)
    await node.said(/every blockchain node answers again/)
    const { blockNumber } = await chain.deposit(alice.id, MYST, gas)
    await node.follower.reached(blockNumber)
    await synced(node)
    expect(new Set(kinds)).toEqual(new Set(['copied']))
  })

  it('makes up a receipt: a transaction counts when both have it', async () => {
    const liar = changing('eth_getTransactionReceipt', (reply, { params }) => ({
      result: {
        ...(reply.result as object),
        transactionHash: params[0],
        blockNumber: '0xfffff',
        status: '0x1',
        gasUsed: '0x1',
        logs: [],
      },
    }))
    const { both } = open(pair(liar.node))
    const sent = both.deposit(newIdentity().id, MYST, gas)
    const { number } = await chain.head()
    await new Promise<void>((resolve) => {
      liar.lied = () => liar.lies >= 3 && resolve()
    })
    liar.lying = false
    expect((await sent).blockNumber).toBeLessThanOrEqual(number + 1)
  })

  it('refuses to pass a transaction on: the other is given it', async () => {
    const unwilling: RpcNode = async (request, real) =>
      request.method === 'eth_sendRawTransaction' ? { error: { code: -32_000, message: 'nonce too low' } } : real()
    const { both } = open(pair(unwilling))
    const alice = newIdentity()
    await both.deposit(alice.id, MYST, gas)
    expect(await chain.balanceOf(alice.id)).toBe(MYST)
  })
})

it('a blockchain node that knows the new state before the block takes no transaction for lost', async () => {
  let hurried = 0
  let before: RpcReply | undefined
  const hasty: RpcNode = async (request, real) => {
    if (request.method === 'eth_sendRawTransaction') {
      before = await real({ ...request, method: 'eth_getBlockByNumber', params: ['latest', false] })
      hurried = 0
    }
    const reply = await real()
    if (!before || hurried >= 3) return reply
    if (request.method === 'eth_getTransactionReceipt') {
      hurried++
      return { result: null }
    }
    const [account, tag] = request.params
    if (request.method === 'eth_getBlockByNumber' && account === 'latest') return before
    if (request.method !== 'eth_getTransactionCount' || tag === 'latest') return reply
    return real({ ...request, params: [account, 'latest'] })
  }
  const { both } = open({ hasty })
  const alice = newIdentity()
  await both.deposit(alice.id, MYST, gas)
  expect(hurried).toBe(3)
  expect(await chain.balanceOf(alice.id)).toBe(MYST)
})

/** Knows nothing of the last blocks. */
function late(blocks: number): RpcNode {
  return async (request, real) => {
    const { result } = await real({ ...request, method: 'eth_blockNumber', params: [] })
    const head = Number(result) - blocks
    if (request.method !== 'eth_getBlockByNumber') return real()
    const [tag] = request.params
    if (tag === 'latest') return real({ ...request, params: [`0x${head.toString(16)}`, false] })
    return Number(tag) > head ? { result: null } : real()
  }
}
