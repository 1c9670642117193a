import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { AbiCoder, keccak256, Transaction, Wallet } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { MYST } from '#shared/model/units.ts'

import { systemClock } from '../lib/clock.ts'
import { askFaucet } from '../localnet/faucet.ts'
import type { Chain, GasAccount, Hex, SentTransaction } from '../ports/chain.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createTransactionJournal } from '../storage/transaction-journal.ts'
import { createGasAccount } from '../testing/gas-account.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { createChain } from './create-chain.ts'

const PAYING = fileURLToPath(new URL('../testing/paying-process.ts', import.meta.url))
const GWEI = 10n ** 9n
const HELD = 100n * MYST

let local: LocalChain
let wallet: ReturnType<typeof Wallet.createRandom>
let gas: GasAccount
let dir = ''
let names = 0
const undo: (() => void)[] = []

beforeAll(async () => {
  local = await startLocalChain()
})
afterAll(() => local?.stop())
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'myst-transactions-'))
  wallet = Wallet.createRandom()
  gas = createGasAccount(wallet)
  await askFaucet(local.network, gas.address, HELD)
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) step()
  rmSync(dir, { recursive: true })
  await local.control('evm_setAutomine', true)
  await local.control('anvil_dropAllTransactions')
})

const newId = (): IdentityId => createSigningIdentity(`transactions ${names++}`).id

type Passing = { method: string; params: unknown[] }
type Say = (request: Passing) => { result: unknown } | { error: { code: number; message: string } } | undefined

/**
 * A node's chain with its journal on disk. `say` stands between it and the blockchain node: what it
 * returns is the node's answer, undefined lets the request pass.
 */
function startNode(options: { local?: boolean; say?: Say; now?: () => number } = {}) {
  const store = openStore(join(dir, 'node.db'))
  migrate(store)
  const rig: { down: boolean; say: Say } = { down: false, say: options.say ?? (() => undefined) }
  const network = { ...local.network, local: options.local ?? true }
  const chain: Chain = createChain(
    {
      network,
      clock: options.now ? { ...systemClock, now: options.now } : systemClock,
      journal: createTransactionJournal(store),
      async fetch(url, init) {
        if (rig.down) throw new TypeError('connection refused')
        const request = JSON.parse(String(init?.body)) as Passing & { id: number }
        const said = rig.say(request)
        return said === undefined ? fetch(url, init) : Response.json({ jsonrpc: '2.0', id: request.id, ...said })
      },
    },
    { receiptPollMs: 20 },
  )
  const seen: SentTransaction[] = []
  const waiting = new Set<() => void>()
  const following = chain.follow(gas, (sent) => {
    seen.push({ ...sent })
    for (const look of [...waiting]) look()
  })
  let stopped = false
  const stop = () => {
    if (stopped) return
    stopped = true
    following.stop()
    store.close()
  }
  undo.push(stop)
  /** Resolves with the first change, past or to come, for which `test` holds. */
  const until = (test: (sent: SentTransaction) => boolean) =>
    new Promise<SentTransaction>((resolve) => {
      const look = () => {
        const found = seen.find(test)
        if (!found) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return Object.assign(rig, { chain, seen, until, stop, recheck: following.recheck })
}

/** Resolves each time the chain's node has been given a transaction, with its bytes. */
function broadcasts(node: ReturnType<typeof startNode>, pass = true) {
  const raws: Hex[] = []
  const waiting = new Set<() => void>()
  const before = node.say
  node.say = (request) => {
    if (request.method !== 'eth_sendRawTransaction') return before(request)
    const raw = request.params[0] as Hex
    raws.push(raw)
    // Told once the answer is on its way.
    setImmediate(() => {
      for (const look of [...waiting]) look()
    })
    return pass ? before(request) : { result: Transaction.from(raw).hash }
  }
  const reached = (count: number) =>
    new Promise<Hex>((resolve) => {
      const look = () => {
        const raw = raws[count - 1]
        if (raw === undefined) return
        waiting.delete(look)
        resolve(raw)
      }
      waiting.add(look)
      look()
    })
  return { raws, reached }
}

const mine = (blocks = 1) => local.control('anvil_mine', `0x${blocks.toString(16)}`)
const inPool = async (raw: Hex) =>
  (await local.control('eth_getTransactionByHash', Transaction.from(raw).hash)) !== null

/** Waits until the real node holds it. */
async function held(raw: Hex): Promise<void> {
  while (!(await inPool(raw))) await new Promise(setImmediate)
}

async function expectPaidOnce(chain: Chain, identity: IdentityId, amount: bigint): Promise<void> {
  expect(await chain.balanceOf(identity)).toBe(amount)
  expect(await chain.tokenBalanceOf(gas.address)).toBe(HELD - amount)
}

describe('a transaction', () => {
  it('takes one deposit with a permit, and leaves no allowance', async () => {
    const node = startNode()
    const identity = newId()
    const { hash, gasPaid } = await node.chain.deposit(identity, 5n * MYST, gas)
    await expectPaidOnce(node.chain, identity, 5n * MYST)
    expect(await local.control('eth_getTransactionCount', gas.address, 'latest')).toBe('0x1')
    expect(10n ** 19n - (await node.chain.gasBalanceOf(gas.address))).toBe(gasPaid)
    expect(node.seen.map(({ state }) => state)).toEqual(['pending', 'done'])
    expect(node.seen.at(-1)).toMatchObject({ what: 'deposit', hash, gasPaid })
  })

  it('waits for a blockchain node that is gone between signing and mining', async () => {
    const node = startNode()
    const identity = newId()
    await node.chain.balanceOf(identity)
    node.say = ({ method }) => {
      if (method === 'eth_sendRawTransaction') node.down = true
      return undefined
    }
    // The request that is on its way still passes; its answer and everything after it is lost.
    const deposit = node.chain.deposit(identity, 5n * MYST, gas)
    await node.until(({ state }) => state === 'pending')
    await new Promise<void>((resolve) => {
      const look = () => (node.down ? resolve() : setImmediate(look))
      look()
    })
    node.say = () => undefined
    node.down = false
    await deposit
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })

  it('is sent again, the same bytes, when the node forgets its pool', async () => {
    const node = startNode()
    const sent = broadcasts(node)
    const identity = newId()
    await local.control('evm_setAutomine', false)
    const deposit = node.chain.deposit(identity, 5n * MYST, gas)
    const raw = await sent.reached(1)
    await held(raw)
    await local.control('anvil_dropTransaction', Transaction.from(raw).hash)
    expect(await sent.reached(2)).toBe(raw)
    await held(raw)
    await mine()
    expect((await deposit).hash).toBe(Transaction.from(raw).hash)
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })

  it('gets an eighth more when it is not mined, and whichever form is mined counts', async () => {
    for (const mined of [0, 1]) {
      const node = startNode()
      const identity = newId()
      // A node that takes everything and passes nothing on.
      const sent = broadcasts(node, false)
      const inner = node.say
      node.say = (request) => {
        const taken = sent.raws.some((raw) => Transaction.from(raw).hash === request.params[0])
        if (request.method !== 'eth_getTransactionByHash' || !taken) return inner(request)
        return { result: { hash: request.params[0] } }
      }
      const deposit = node.chain.deposit(identity, MYST, gas)
      const first = Transaction.from(await sent.reached(1))
      await mine(5)
      const second = Transaction.from(await sent.reached(2))
      expect(second.nonce).toBe(first.nonce)
      expect(second.data).toBe(first.data)
      expect((second.maxFeePerGas ?? 0n) * 8n).toBeGreaterThanOrEqual((first.maxFeePerGas ?? 0n) * 9n)
      expect((second.maxPriorityFeePerGas ?? 0n) * 8n).toBeGreaterThanOrEqual((first.maxPriorityFeePerGas ?? 0n) * 9n)
      await node.until(({ state, replaced, hash }) => state === 'pending' && replaced && hash === second.hash)
      await local.control('eth_sendRawTransaction', sent.raws[mined])
      expect((await deposit).hash).toBe([first, second][mined]?.hash)
      expect(await node.chain.balanceOf(identity)).toBe(MYST)
      node.stop()
    }
    expect(await local.control('eth_getTransactionCount', gas.address, 'latest')).toBe('0x2')
  })

  it('is replaced at once when the price of gas jumps above what it offers', async () => {
    const node = startNode()
    const sent = broadcasts(node)
    const identity = newId()
    await local.control('evm_setAutomine', false)
    await local.control('anvil_setNextBlockBaseFeePerGas', `0x${GWEI.toString(16)}`)
    await mine()
    const deposit = node.chain.deposit(identity, 5n * MYST, gas)
    const first = Transaction.from(await sent.reached(1))
    await held(sent.raws[0] as Hex)
    expect(first.maxFeePerGas).toBe(3n * GWEI)
    await local.control('anvil_setNextBlockBaseFeePerGas', `0x${(4n * GWEI).toString(16)}`)
    await mine()
    const replaced = await node.until((entry) => entry.replaced)
    while (!(await local.control('eth_getTransactionByHash', replaced.hash))) await new Promise(setImmediate)
    await mine()
    const { hash, gasPaid } = await deposit
    expect(hash).toBe(replaced.hash)
    expect(hash).not.toBe(first.hash)
    expect(gasPaid).toBeGreaterThan(0n)
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })

  it('waits while the price of gas is above three times what it offered first, and says so', async () => {
    const node = startNode()
    const sent = broadcasts(node)
    const identity = newId()
    await local.control('evm_setAutomine', false)
    await local.control('anvil_setNextBlockBaseFeePerGas', `0x${GWEI.toString(16)}`)
    await mine()
    const deposit = node.chain.deposit(identity, 5n * MYST, gas)
    await held(await sent.reached(1))
    await local.control('anvil_setNextBlockBaseFeePerGas', `0x${(100n * GWEI).toString(16)}`)
    await mine()
    const waiting = await node.until(({ message }) => message !== undefined)
    expect(waiting).toMatchObject({ state: 'pending', message: expect.stringContaining('price of gas') })
    for (const raw of sent.raws) expect(Transaction.from(raw).maxFeePerGas).toBeLessThanOrEqual(9n * GWEI)
    await local.control('anvil_setNextBlockBaseFeePerGas', `0x${GWEI.toString(16)}`)
    await mine()
    await local.control('evm_setAutomine', true)
    await deposit
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })

  it.each([true, false])('gives way to another program that used its nonce (local network: %s)', async (isLocal) => {
    const node = startNode({ local: isLocal })
    const sent = broadcasts(node)
    const identity = newId()
    await local.control('evm_setAutomine', false)
    const deposit = node.chain.deposit(identity, 5n * MYST, gas).catch((error: Error) => error)
    const ours = Transaction.from(await sent.reached(1))
    await held(sent.raws[0] as Hex)
    const fees = { type: 2, gasLimit: 21_000n, maxFeePerGas: 50n * GWEI, maxPriorityFeePerGas: 40n * GWEI }
    const theirs = { ...fees, chainId: 31_337n, nonce: ours.nonce, to: gas.address, value: 1n }
    await local.control('eth_sendRawTransaction', await wallet.signTransaction(theirs))
    await mine()
    if (!isLocal) {
      // A node may first say in its own words that the nonce is gone.
      const waiting = await node.until(({ message }) => message?.startsWith('Another program') === true)
      expect(waiting).toMatchObject({ state: 'pending' })
      await mine(12)
    }
    expect(await deposit).toMatchObject({ name: 'TransactionDisplaced' })
    expect(node.seen.at(-1)).toMatchObject({ state: 'displaced' })
    await expectPaidOnce(node.chain, identity, 0n)
    // The same once more is a new one now.
    await local.control('evm_setAutomine', true)
    await node.chain.deposit(identity, 5n * MYST, gas)
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })

  it('says why it failed when the contract refuses it on mining', async () => {
    const node = startNode()
    const sent = broadcasts(node)
    const identity = newId()
    await local.control('evm_setAutomine', false)
    const deposit = node.chain.deposit(identity, HELD, gas).catch((error: Error) => error)
    const ours = Transaction.from(await sent.reached(1))
    await held(sent.raws[0] as Hex)
    // The MYST goes elsewhere before it is mined: the token keeps balances in its first mapping.
    const slot = keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [gas.address, 0n]))
    await local.control('anvil_setStorageAt', local.network.contracts.token, slot, `0x${'0'.repeat(64)}`)
    await mine()
    expect(await deposit).toMatchObject({ name: 'TransactionFailed', details: { error: 'ERC20InsufficientBalance' } })
    expect(node.seen.at(-1)).toMatchObject({ state: 'reverted', hash: ours.hash, gasPaid: expect.any(BigInt) })
    expect(await node.chain.balanceOf(identity)).toBe(0n)
  })

  it('is mined again after a reorganisation that took it back', async () => {
    const node = startNode()
    const identity = newId()
    await mine(3)
    const { hash } = await node.chain.deposit(identity, 5n * MYST, gas)
    await mine()
    await local.control('anvil_reorg', 3, [])
    expect(await node.chain.balanceOf(identity)).toBe(0n)
    const before = node.seen.length
    await node.recheck()
    expect(node.seen[before]).toMatchObject({ state: 'pending', message: expect.stringContaining('reorganised') })
    await node.until((sent) => node.seen.indexOf(sent) > before && sent.state === 'done' && sent.hash === hash)
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })

  it('taken back by a reorganisation goes before the next one', async () => {
    const node = startNode()
    const identity = newId()
    await mine(3)
    await node.chain.deposit(identity, 5n * MYST, gas)
    await local.control('anvil_reorg', 2, [])
    await node.chain.deposit(identity, 6n * MYST, gas)
    await expectPaidOnce(node.chain, identity, 11n * MYST)
  })
})

describe('what is asked again while it is under way', () => {
  it('is not sent twice, and what comes behind it waits', async () => {
    let nowMs = Date.now()
    let stepMs = 60_000
    // Three minutes are over as soon as somebody has looked a few times.
    const now = () => {
      nowMs += stepMs
      return nowMs
    }
    const node = startNode({ now })
    const sent = broadcasts(node)
    const identity = newId()
    await local.control('evm_setAutomine', false)
    const pending = { name: 'TransactionPending', details: { hash: expect.stringMatching(/^0x/) } }
    await expect(node.chain.deposit(identity, 5n * MYST, gas)).rejects.toMatchObject(pending)
    await expect(node.chain.deposit(identity, 5n * MYST, gas)).rejects.toMatchObject(pending)
    await expect(node.chain.deposit(identity, 6n * MYST, gas)).rejects.toMatchObject({
      name: 'EarlierTransactionPending',
    })
    expect(node.seen.at(-1)).toMatchObject({ state: 'pending' })
    stepMs = 0
    await held(await sent.reached(1))
    await mine()
    const done = await node.until(({ state }) => state === 'done')
    // Nobody has heard of it yet, so it is the answer to whoever asks for the same.
    expect(await node.chain.deposit(identity, 5n * MYST, gas)).toMatchObject({ hash: done.hash })
    await expectPaidOnce(node.chain, identity, 5n * MYST)
    expect(new Set(sent.raws).size).toBe(1)
    // And the next one is another one.
    await local.control('evm_setAutomine', true)
    await node.chain.deposit(identity, 5n * MYST, gas)
    await expectPaidOnce(node.chain, identity, 10n * MYST)
  })

  it('goes on after a restart, and shows again', async () => {
    const identity = newId()
    await local.control('evm_setAutomine', false)
    const first = startNode()
    const sent = broadcasts(first)
    const deposit = first.chain.deposit(identity, 5n * MYST, gas).catch((error: Error) => error)
    await held(await sent.reached(1))
    first.stop()
    expect(await deposit).toMatchObject({ name: 'TransactionPending' })
    await local.control('anvil_dropAllTransactions')

    const second = startNode()
    const again = broadcasts(second)
    const shown = await second.until(({ state }) => state === 'pending')
    expect(shown).toMatchObject({ what: 'deposit', hash: Transaction.from(sent.raws[0]).hash })
    expect(await again.reached(1)).toBe(sent.raws[0])
    await held(sent.raws[0] as Hex)
    await mine()
    await second.until(({ state }) => state === 'done')
    await expectPaidOnce(second.chain, identity, 5n * MYST)
  })

  it('is not paid for in vain: what the contract would refuse by now is not sent again', async () => {
    const identity = newId()
    const first = startNode()
    broadcasts(first, false)
    void first.chain.deposit(identity, 5n * MYST, gas).catch(() => undefined)
    await first.until(({ state }) => state === 'pending')
    first.stop()
    await local.control('evm_increaseTime', 3_601)
    await mine()
    const second = startNode()
    const sent = broadcasts(second)
    const unsent = await second.until(({ state }) => state !== 'pending')
    expect(unsent).toMatchObject({ state: 'unsent', message: expect.any(String) })
    expect(sent.raws).toEqual([])
    await second.chain.deposit(identity, 5n * MYST, gas)
    await expectPaidOnce(second.chain, identity, 5n * MYST)
  })

  it('counts as done when the node that refused it kept it', async () => {
    const identity = newId()
    const kept: Hex[] = []
    const node = startNode({
      say({ method, params }) {
        if (method !== 'eth_sendRawTransaction' || kept.length > 0) return undefined
        kept.push(params[0] as Hex)
        return { error: { code: -32_000, message: 'not today' } }
      },
    })
    await expect(node.chain.deposit(identity, 5n * MYST, gas)).rejects.toMatchObject({ name: 'TransactionFailed' })
    expect(node.seen.at(-1)).toMatchObject({ state: 'unsent' })
    await local.control('eth_sendRawTransaction', kept[0])
    const { hash } = await node.chain.deposit(identity, 5n * MYST, gas)
    expect(hash).toBe(Transaction.from(kept[0]).hash)
    await expectPaidOnce(node.chain, identity, 5n * MYST)
  })
})

describe('a process that is killed', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function pay(options: { work: 'deposit' | 'go on'; holdAt?: string; identity: IdentityId }) {
    const settings = {
      ...options,
      network: local.network,
      path: join(dir, 'node.db'),
      key: wallet.privateKey,
      amount: String(5n * MYST),
    }
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PAYING, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const lines = createInterface({ input: child.stdout })
    const line = (test: (line: Record<string, unknown>) => boolean) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        lines.on('line', (text) => {
          const parsed = JSON.parse(text) as Record<string, unknown>
          if (test(parsed)) resolve(parsed)
        })
        void exited.then(() => reject(new Error('the paying process ended')))
      })
    return { child, exited, line }
  }

  describe.each(['signed', 'broadcast', 'mined'])('when its transaction is %s', (holdAt) => {
    it.each(['deposit', 'go on'] as const)('has paid exactly once after its restart (%s)', async (work) => {
      const identity = newId()
      await local.control('evm_setAutomine', holdAt === 'mined')
      const first = pay({ work: 'deposit', holdAt, identity })
      await first.line(({ at }) => at === holdAt)
      first.child.kill('SIGKILL')
      await first.exited
      await local.control('evm_setAutomine', true)
      if (holdAt === 'broadcast') await mine()
      const second = pay({ work, identity })
      expect(await second.line((line) => 'done' in line || 'failed' in line)).toMatchObject({
        done: expect.stringMatching(/^0x/),
      })
      await second.exited
      const chain = createChain({ network: local.network, clock: systemClock })
      await expectPaidOnce(chain, identity, 5n * MYST)
      expect(await local.control('eth_getTransactionCount', gas.address, 'latest')).toBe('0x1')
    })
  })
})
