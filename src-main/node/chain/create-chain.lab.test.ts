import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Wallet } from 'ethers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { systemClock } from '../lib/clock.ts'
import type { Chain, ChainEvent, Hex } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { createGasAccount } from '../testing/gas-account.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { createChain } from './create-chain.ts'

const error = (name: string, details?: Record<string, unknown>) =>
  expect.objectContaining(details ? { name, details: expect.objectContaining(details) } : { name })

const someone: Hex = `0x${'5e'.repeat(20)}`
let local: LocalChain
let chain: Chain
let names = 0

const open = (network: Partial<NetworkFile> = {}) =>
  createChain({ network: { ...local.network, ...network }, clock: systemClock }, { timeoutMs: 2_000 })
const newIdentity = () => createSigningIdentity(`chain test ${names++}`)

beforeAll(async () => {
  local = await startLocalChain()
  chain = open()
})
afterAll(() => local?.stop())

function promise(issuer: UnlockedIdentity, benefiter: UnlockedIdentity, serial: bigint, amount: bigint): SignedPromise {
  const bare = { issuer: issuer.id, serial, benefiter: benefiter.id, amount }
  return { ...bare, signature: issuer.signTypedData(chain.promiseTypedData(bare)) }
}

async function eventsOf(block: number): Promise<ChainEvent[]> {
  return chain.events(block, block)
}

describe('the contracts over JSON-RPC', () => {
  it('register an identity for exactly the fee', async () => {
    const gas = await local.gasAccount(15n)
    const identity = newIdentity()
    const fee = await chain.registrationFee()
    const { blockNumber } = await chain.register(identity, gas)
    expect(await chain.tokenBalanceOf(gas.address)).toBe(15n * MYST - fee)
    expect(await eventsOf(blockNumber)).toMatchObject([
      { name: 'Registered', identity: identity.id, publicKey: identity.publicKey, value: fee, blockNumber },
    ])
    await expect(chain.register(identity, await local.gasAccount())).rejects.toThrow(
      error('TransactionFailed', { error: 'AlreadyRegistered' }),
    )
  })

  it('take deposits, clear promises with the network fee, and spend a serial once', async () => {
    const gas = await local.gasAccount()
    const [issuer, benefiter] = [newIdentity(), newIdentity()]
    await chain.register(issuer, gas)
    await chain.deposit(issuer.id, 5n * MYST, gas)
    expect(await chain.balanceOf(issuer.id)).toBe(5n * MYST)

    const network = await chain.networkAccount()
    const before = await chain.balanceOf(network)
    const { blockNumber, ...moved } = await chain.clear(promise(issuer, benefiter, 4n, 2n * MYST), benefiter, gas)
    const fee = (2n * MYST * (await chain.networkFeeBps())) / 10_000n
    expect(moved).toMatchObject({ amount: 2n * MYST, fee })
    expect(await chain.balanceOf(issuer.id)).toBe(3n * MYST)
    expect(await chain.balanceOf(benefiter.id)).toBe(2n * MYST - fee)
    expect(await chain.balanceOf(network)).toBe(before + fee)
    expect(await chain.lastClearedSerial(issuer.id, benefiter.id)).toBe(4n)
    expect(await eventsOf(blockNumber)).toMatchObject([
      { name: 'Cleared', issuer: issuer.id, benefiter: benefiter.id, serial: 4n, amount: 2n * MYST, fee },
    ])
    await expect(chain.clear(promise(issuer, benefiter, 4n, MYST), benefiter, gas)).rejects.toThrow(
      error('TransactionFailed', { error: 'SerialNotAboveLast', serial: '4', lastCleared: '4' }),
    )
  })

  it('refuse a promise that is not covered, and pay what is there on demand', async () => {
    const gas = await local.gasAccount()
    const [issuer, benefiter] = [newIdentity(), newIdentity()]
    await chain.register(issuer, gas)
    await chain.deposit(issuer.id, MYST, gas)
    const uncovered = promise(issuer, benefiter, 1n, 3n * MYST)
    await expect(chain.clear(uncovered, benefiter, gas)).rejects.toThrow(
      error('TransactionFailed', { error: 'InsufficientBalance', required: (3n * MYST).toString() }),
    )
    const less = await chain.clear(uncovered, benefiter, gas, { acceptLess: true })
    expect(less).toMatchObject({ amount: MYST, fee: (MYST * (await chain.networkFeeBps())) / 10_000n })
    expect(await chain.balanceOf(issuer.id)).toBe(0n)
    expect(await chain.lastClearedSerial(issuer.id, benefiter.id)).toBe(1n)
  })

  it('clear many promises at once, and say of each what came of it', async () => {
    const gas = await local.gasAccount()
    const [benefiter, mallory] = [newIdentity(), newIdentity()]
    const issuers = [newIdentity(), newIdentity(), newIdentity(), newIdentity()]
    for (const issuer of issuers) await chain.register(issuer, gas)
    for (const issuer of issuers.slice(0, 3)) await chain.deposit(issuer.id, 3n * MYST, gas)
    const promises = issuers.map((issuer) => promise(issuer, benefiter, 7n, 2n * MYST))
    const [first, forged, last, uncovered] = promises as [SignedPromise, SignedPromise, SignedPromise, SignedPromise]
    forged.signature = mallory.signTypedData(chain.promiseTypedData(forged))
    const fee = (2n * MYST * (await chain.networkFeeBps())) / 10_000n
    const { blockNumber, outcomes } = await chain.clearMany(promises, benefiter, gas)
    expect(outcomes).toEqual([
      { kind: 'cleared', issuer: first.issuer, serial: 7n, amount: 2n * MYST, fee },
      { kind: 'refused', issuer: forged.issuer, serial: 7n, error: 'InvalidIssuerSignature' },
      { kind: 'cleared', issuer: last.issuer, serial: 7n, amount: 2n * MYST, fee },
      { kind: 'refused', issuer: uncovered.issuer, serial: 7n, error: 'InsufficientBalance' },
    ])
    expect(await eventsOf(blockNumber)).toMatchObject([{ issuer: first.issuer }, { issuer: last.issuer }])
    expect(await chain.balanceOf(benefiter.id)).toBe(2n * (2n * MYST - fee))

    const again = await chain.clearMany([uncovered, last], benefiter, gas, { acceptLess: true })
    expect(again.outcomes).toEqual([
      { kind: 'cleared', issuer: uncovered.issuer, serial: 7n, amount: 0n, fee: 0n },
      { kind: 'refused', issuer: last.issuer, serial: 7n, error: 'SerialNotAboveLast' },
    ])
  })

  it('take no batch of none, too many, two of one issuer or another benefiter', async () => {
    const gas = await local.gasAccount()
    const [issuer, benefiter] = [newIdentity(), newIdentity()]
    const one = promise(issuer, benefiter, 1n, MYST)
    const two = promise(issuer, benefiter, 2n, MYST)
    const invalid = error('InvalidBatch')
    await expect(chain.clearMany([], benefiter, gas)).rejects.toThrow(invalid)
    await expect(chain.clearMany(Array(101).fill(one), benefiter, gas)).rejects.toThrow(invalid)
    await expect(chain.clearMany([one, two], benefiter, gas)).rejects.toThrow(invalid)
    await expect(chain.clearMany([one], newIdentity(), gas)).rejects.toThrow(invalid)
  })

  it('refuse a promise above half of the registered value, and one that another signed', async () => {
    const gas = await local.gasAccount()
    const [issuer, benefiter, mallory] = [newIdentity(), newIdentity(), newIdentity()]
    await chain.register(issuer, gas)
    await chain.deposit(issuer.id, 100n * MYST, gas)
    const limit = (await chain.registrationFee()) / 2n
    await expect(chain.clear(promise(issuer, benefiter, 1n, limit + 1n), benefiter, gas)).rejects.toThrow(
      error('TransactionFailed', { error: 'AmountAboveLimit' }),
    )
    const good = promise(issuer, benefiter, 1n, limit)
    const forged = { ...good, signature: mallory.signTypedData(chain.promiseTypedData(good)) }
    await expect(chain.clear(forged, benefiter, gas)).rejects.toThrow(
      error('TransactionFailed', { error: 'InvalidIssuerSignature' }),
    )
    await expect(chain.clear(good, mallory, gas)).rejects.toThrow(
      error('TransactionFailed', { error: 'InvalidBenefiterSignature' }),
    )
    await chain.clear(good, benefiter, gas)
  })

  it('announce a withdrawal and execute it after its notice, not before', async () => {
    const gas = await local.gasAccount()
    const identity = newIdentity()
    await chain.deposit(identity.id, 5n * MYST, gas)
    const to = Wallet.createRandom().address.toLowerCase() as Hex
    const { executableAt, blockNumber } = await chain.announceWithdrawal(identity, 4n * MYST, to, gas)
    expect(await eventsOf(blockNumber)).toMatchObject([
      { name: 'WithdrawalAnnounced', identity: identity.id, to, amount: 4n * MYST, executableAt },
    ])
    await expect(chain.executeWithdrawal(identity.id, gas)).rejects.toThrow(
      error('TransactionFailed', { error: 'WithdrawalTooEarly' }),
    )
    const snapshot = await local.control('evm_snapshot')
    await local.control('evm_setNextBlockTimestamp', executableAt)
    await local.control('anvil_mine', '0x1')
    const executed = await chain.executeWithdrawal(identity.id, gas)
    expect(await chain.tokenBalanceOf(to)).toBe(4n * MYST)
    expect(await chain.balanceOf(identity.id)).toBe(MYST)
    expect(await eventsOf(executed.blockNumber)).toMatchObject([{ name: 'Withdrawn', identity: identity.id, to }])
    await local.control('evm_revert', snapshot)
  })

  it('carry announced bytes as they are', async () => {
    const gas = await local.gasAccount()
    const bytes = Uint8Array.from({ length: 4096 }, (_, index) => index & 255)
    const { blockNumber, hash } = await chain.announce(bytes, gas)
    expect(await eventsOf(blockNumber)).toEqual([
      {
        name: 'Announced',
        proposal: bytes,
        blockNumber,
        transactionHash: hash,
        blockHash: await chain.blockHash(blockNumber),
        logIndex: 0,
      },
    ])
  })

  it('know their head and its hash, and no block beyond', async () => {
    const head = await chain.head()
    expect(await chain.blockHash(head.number)).toBe(head.hash)
    expect(await chain.blockHash(head.number + 1_000)).toBeUndefined()
  })

  it('pay for any number of calls at once, one after the other', async () => {
    const gas = await local.gasAccount()
    const ids = Array.from({ length: 6 }, () => newIdentity().id)
    const results = await Promise.allSettled([
      ...ids.map((id, index) => chain.deposit(id, BigInt(index + 1) * MYST, gas)),
      // One that fails in between does not hold up the rest.
      chain.executeWithdrawal(someone, gas),
      chain.announce(Uint8Array.of(1), gas),
    ])
    expect(results.map((result) => result.status)).toEqual([...ids.map(() => 'fulfilled'), 'rejected', 'fulfilled'])
    expect(await Promise.all(ids.map(chain.balanceOf))).toEqual(ids.map((_, index) => BigInt(index + 1) * MYST))
  })

  it('count a transaction once when the answer to it is lost on the way', async () => {
    const gas = await local.gasAccount()
    const identity = newIdentity()
    const [rpc = ''] = local.network.rpc
    let lost = 0
    const lossy = createChain({
      network: { ...local.network, rpc: [rpc, `${rpc}/`] },
      clock: systemClock,
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (lost > 0 || !String(init?.body).includes('eth_sendRawTransaction')) return response
        lost++
        throw new TypeError('connection reset')
      },
    })
    await lossy.deposit(identity.id, MYST, gas)
    expect(lost).toBe(1)
    expect(await chain.balanceOf(identity.id)).toBe(MYST)
    expect(await chain.tokenBalanceOf(gas.address)).toBe(999n * MYST)
  })

  it('say that a transaction is not mined yet, and go on when it is', async () => {
    const gas = await local.gasAccount()
    let nowMs = 0
    const hasty = { ...systemClock, now: () => (nowMs += 60_000) }
    const some = createChain({ network: local.network, clock: hasty }, { receiptPollMs: 5 })
    await local.control('evm_setAutomine', false)
    try {
      await expect(some.announce(Uint8Array.of(1), gas)).rejects.toThrow(error('TransactionPending'))
    } finally {
      await local.control('evm_setAutomine', true)
    }
    const { blockNumber } = await chain.announce(Uint8Array.of(2), gas)
    const proposals = (await chain.events(blockNumber - 1, blockNumber)).map((event) => event.name)
    expect(proposals).toEqual(['Announced', 'Announced'])
  })

  it('say what is missing: MYST or ether', async () => {
    await expect(chain.deposit(someone, 11n * MYST, await local.gasAccount(10n))).rejects.toThrow(
      error('InsufficientFunds', { needed: (11n * MYST).toString(), available: (10n * MYST).toString() }),
    )
    const poor = createGasAccount(Wallet.createRandom())
    expect(await chain.gasBalanceOf(poor.address)).toBe(0n)
    await expect(chain.announce(Uint8Array.of(1), poor)).rejects.toThrow(error('InsufficientGas'))
  })
})

describe('several blockchain nodes', () => {
  const servers: Server[] = []
  const bad = async (answer: (body: { id: number; method: string }) => string | undefined): Promise<string> => {
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        const reply = answer(JSON.parse(text))
        if (reply !== undefined) response.end(reply)
      })
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const closed = 'http://127.0.0.1:1'
  const good = () => local.network.rpc[0] ?? ''

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })

  it('are asked in turn when one is gone, silent, or speaks nonsense', async () => {
    const silent = await bad(() => undefined)
    const noise = await bad(() => '<html>busy</html>')
    const wrongType = await bad(({ id }) => JSON.stringify({ jsonrpc: '2.0', id, result: { number: 7 } }))
    const limited = await bad(({ id }) =>
      JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_005, message: 'limit exceeded' } }),
    )
    for (const broken of [closed, noise, wrongType, limited, silent]) {
      const some = createChain(
        { network: { ...local.network, rpc: [broken, good()] }, clock: systemClock },
        { timeoutMs: 2_000 },
      )
      expect(await some.registrationFee()).toBe(await chain.registrationFee())
      await some.check()
    }
  })

  it('are believed only on the right chain and with the contracts there', async () => {
    await expect(open({ chainId: 5 }).check()).rejects.toThrow(/is on chain 31337, not on chain 5/)
    const elsewhere = { ...local.network.contracts, serviceDirectory: someone }
    const wrong = open({ contracts: elsewhere })
    await expect(wrong.check()).rejects.toThrow(`There is no contract at ${someone} on this chain`)
    await expect(wrong.registrationFee()).rejects.toThrow(error('WrongNetwork'))
    const otherChain = await bad(({ id }) => JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
    expect(await open({ rpc: [otherChain, good()] }).registrationFee()).toBe(await chain.registrationFee())
    await expect(open({ rpc: [closed, otherChain] }).check()).rejects.toThrow(error('WrongNetwork'))
  })

  it('are unreachable when none answers, without showing a key in the address', async () => {
    const some = open({ rpc: [`${closed}/v3/secret-key`] })
    await expect(some.check()).rejects.toThrow(error('ChainUnreachable'))
    await expect(some.head()).rejects.not.toThrow(/secret-key/)
  })

  it('cannot slip in events of their own', async () => {
    const { blockNumber } = await chain.announce(Uint8Array.of(1, 2, 3), await local.gasAccount())
    const relay = (change: (result: string) => string) =>
      createChain({
        network: local.network,
        clock: systemClock,
        fetch: async (url, init) => {
          const text = await (await fetch(url, init)).text()
          return new Response(String(init?.body).includes('eth_getLogs') ? change(text) : text)
        },
      })
    expect(await relay((text) => text).events(blockNumber, blockNumber)).toHaveLength(1)
    const directory = local.network.contracts.serviceDirectory.toLowerCase()
    const liars = [
      relay((text) => text.replace(directory, someone)),
      relay((text) => text.replace(directory, local.network.contracts.paymentAccounts.toLowerCase())),
      relay((text) => text.replace(/"topics":\["0x../, '"topics":["0x00')),
      relay((text) => text.replace(/"data":"0x[0-9a-f]{64}/, `"data":"0x${'f'.repeat(64)}`)),
    ]
    for (const liar of liars) {
      await expect(liar.events(blockNumber, blockNumber)).rejects.toThrow(error('ChainUnreachable'))
    }
    const shifted = relay((text) => text.replace(/"blockNumber":"0x[0-9a-f]+"/, '"blockNumber":"0x1"'))
    await expect(shifted.events(blockNumber, blockNumber)).rejects.toThrow(error('ChainUnreachable'))
  })
})
