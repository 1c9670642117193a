import { concat, hexlify, Interface, keccak256 } from 'ethers'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { type Amount, formatMyst } from '#shared/model/units.ts'

import type { Chain, GasAccount, Hex, TransactionResult } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import { createAgreement, toHex } from './agreement.ts'
import { eventFilter, nonsense, readEvent, readEvents, readOutcomes } from './chain-events.ts'
import { checkBatch } from './check-batch.ts'
import { contracts } from './generated/contracts.ts'
import { createJsonRpc, type JsonRpcOptions } from './json-rpc.ts'
import { block, data, logs, quantity, type Receipt } from './quantities.ts'
import { type Call, createTransactions, refusing } from './transactions.ts'
import { createTypedData } from './typed-data.ts'

/** A signed registration or withdrawal that has not reached the chain by then is void. */
const SIGNED_FOR_S = 3_600

export type ChainDeps = { network: NetworkFile; clock: Clock; fetch?: typeof fetch }
export type ChainOptions = { timeoutMs?: number; receiptPollMs?: number }

/**
 * The contracts of a network over all of its JSON-RPC addresses. Every method may throw
 * `ChainUnreachable`, `ChainDisputed` or `WrongNetwork`; those that send also `InsufficientFunds`, `InsufficientGas`,
 * `TransactionFailed` (details.error: the contract's own) and `TransactionPending`.
 */
export function createChain({ network, clock, fetch }: ChainDeps, options: ChainOptions = {}): Chain {
  const chainId = BigInt(network.chainId)
  const rpcOptions: JsonRpcOptions = {
    ...(fetch ? { fetch } : {}),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    clock,
    vet,
  }
  const rpc = createJsonRpc(network.rpc, rpcOptions)
  const agreement = createAgreement(rpc)
  const receiptPollMs = options.receiptPollMs ?? (network.local ? 100 : 2_000)
  const transactions = createTransactions({ rpc, agreement, clock }, { chainId, receiptPollMs })
  const typedData = createTypedData(network)
  const token = contract(contracts.MystToken.abi, network.contracts.token)
  const registry = contract(contracts.IdentityRegistry.abi, network.contracts.identityRegistry)
  const directory = contract(contracts.ServiceDirectory.abi, network.contracts.serviceDirectory)
  const accounts = contract(contracts.PaymentAccounts.abi, network.contracts.paymentAccounts)

  async function vet(call: typeof rpc.call): Promise<string> {
    const actual = await call(quantity, 'eth_chainId', [])
    if (actual !== chainId) {
      throw new MystError(
        'WrongNetwork',
        `The blockchain node is on chain ${actual}, not on chain ${chainId} of the network "${network.name}"; choose another node or network file.`,
      )
    }
    const codes: Hex[] = []
    for (const address of Object.values(network.contracts)) {
      const code = await call(data, 'eth_getCode', [address, 'latest'])
      codes.push(code)
      if (code === '0x') {
        throw new MystError(
          'WrongNetwork',
          `There is no contract at ${address} on this chain; the network file is for another deployment.`,
        )
      }
    }
    return keccak256(concat(codes))
  }

  async function read(target: Contract, name: string, args: readonly unknown[] = []): Promise<unknown> {
    const call = target.call(name, args)
    const result = await refusing(agreement.state(data, 'eth_call', [call]))
    try {
      return target.abi.decodeFunctionResult(name, result)[0]
    } catch {
      throw nonsense()
    }
  }

  async function readAmount(target: Contract, name: string, args: readonly unknown[] = []): Promise<bigint> {
    const value = await read(target, name, args)
    if (typeof value !== 'bigint') throw nonsense()
    return value
  }

  const tokenBalanceOf = (address: Hex): Promise<Amount> => readAmount(token, 'balanceOf', [address])

  async function deadline(): Promise<number> {
    // The chain's time, not ours: a wrong clock on this machine must not void what is signed.
    return (await agreement.head()).timestamp + SIGNED_FOR_S
  }

  /** Sends `call`, after an approval of exactly `amount` when the one that stands is too low. */
  const spend = (gas: GasAccount, amount: Amount, spender: Contract, call: () => Promise<Call>): Promise<Receipt> =>
    transactions.alone(gas, async (send) => {
      const available = await tokenBalanceOf(gas.address)
      if (available < amount) {
        throw new MystError(
          'InsufficientFunds',
          `The gas account ${gas.address} holds ${formatMyst(available)} MYST and ${formatMyst(amount)} are needed; send the rest to it.`,
          { details: { needed: amount.toString(), available: available.toString() } },
        )
      }
      const allowed = await readAmount(token, 'allowance', [gas.address, spender.address])
      if (allowed < amount) await send(token.call('approve', [spender.address, amount]))
      return send(await call())
    })

  const only = (gas: GasAccount, call: () => Promise<Call> | Call): Promise<Receipt> =>
    transactions.alone(gas, async (send) => send(await call()))

  return {
    chainId,
    async check() {
      const verdicts = await rpc.vetAll()
      if (verdicts.some((verdict) => verdict.status === 'fulfilled')) return
      // Asked again in the ordinary way, which chooses the most telling error.
      await rpc.call(quantity, 'eth_chainId', [])
    },
    async head() {
      const { number, hash, highest, apart } = await agreement.head()
      return { number, hash, highest, ...(apart === undefined ? {} : { apart }) }
    },
    nodes: rpc.nodes,
    async blockHash(number) {
      const found = await agreement.same(block.nullable(), 'eth_getBlockByNumber', [toHex(number), false])
      return found?.hash
    },
    async events(fromBlock, toBlock) {
      const filter = { ...eventFilter(network.contracts), fromBlock: toHex(fromBlock), toBlock: toHex(toBlock) }
      const found = await agreement.same(logs, 'eth_getLogs', [filter], { whole: fromBlock < toBlock })
      return readEvents(found, network.contracts, { fromBlock, toBlock })
    },
    registrationFee: () => readAmount(registry, 'fee'),
    balanceOf: (identity) => readAmount(accounts, 'balanceOf', [identity]),
    tokenBalanceOf,
    gasBalanceOf: (address) => agreement.state(quantity, 'eth_getBalance', [address]),
    lastClearedSerial: (issuer, benefiter) => readAmount(accounts, 'lastClearedSerial', [issuer, benefiter]),
    networkFeeBps: () => readAmount(accounts, 'networkFeeBps'),
    async networkAccount() {
      const account = await read(accounts, 'networkAccount')
      if (typeof account !== 'string') throw nonsense()
      return account.toLowerCase() as IdentityId
    },

    async register(identity, gas) {
      const maxFee = await readAmount(registry, 'fee')
      const receipt = await spend(gas, maxFee, registry, async () => {
        const until = await deadline()
        const signed = typedData.registration({ identity: identity.id, payer: gas.address, maxFee, deadline: until })
        const publicKey = hexlify(identity.publicKey.subarray(1))
        return registry.call('register', [publicKey, maxFee, until, identity.signTypedData(signed)])
      })
      return toResult(receipt)
    },
    announce: async (proposal, gas) => toResult(await only(gas, () => directory.call('announce', [hexlify(proposal)]))),
    deposit: async (identity, amount, gas) =>
      toResult(await spend(gas, amount, accounts, async () => accounts.call('deposit', [identity, amount]))),
    async clear(promise, benefiter, gas, { acceptLess = false } = {}) {
      const { issuer, serial, amount, signature } = promise
      const agreed = benefiter.signTypedData(typedData.clearing(promise, acceptLess))
      const tuple = [issuer, serial, promise.benefiter, amount]
      const receipt = await only(gas, () => accounts.call('clear', [tuple, signature, agreed, acceptLess]))
      const [outcome] = readOutcomes(receipt.logs, [promise], network.contracts)
      if (outcome?.kind !== 'cleared') throw nonsense()
      return { ...toResult(receipt), amount: outcome.amount, fee: outcome.fee }
    },
    async clearMany(promises, benefiter, gas, { acceptLess = false } = {}) {
      checkBatch(promises, benefiter.id)
      const tuples = promises.map(({ issuer, serial, benefiter, amount }) => [issuer, serial, benefiter, amount])
      const signatures = promises.map(({ signature }) => signature)
      const agreed = promises.map((promise) => benefiter.signTypedData(typedData.clearing(promise, acceptLess)))
      const receipt = await only(gas, () => accounts.call('clearMany', [tuples, signatures, agreed, acceptLess]))
      return { ...toResult(receipt), outcomes: readOutcomes(receipt.logs, promises, network.contracts) }
    },
    async announceWithdrawal(identity, amount, to, gas) {
      const receipt = await only(gas, async () => {
        const nonce = await readAmount(accounts, 'withdrawalNonce', [identity.id])
        const until = await deadline()
        const signed = typedData.withdrawal({ identity: identity.id, to, amount, nonce, deadline: until })
        const args = [identity.id, to, amount, nonce, until, identity.signTypedData(signed)]
        return accounts.call('announceWithdrawal', args)
      })
      for (const entry of receipt.logs) {
        const event = readEvent(entry, network.contracts)
        if (event.name === 'WithdrawalAnnounced') return { ...toResult(receipt), executableAt: event.executableAt }
      }
      throw nonsense()
    },
    executeWithdrawal: async (identity, gas) =>
      toResult(await only(gas, () => accounts.call('executeWithdrawal', [identity]))),
    promiseTypedData: typedData.promise,
  }
}

type Contract = {
  address: string
  abi: Interface
  call(name: string, args: readonly unknown[]): Call
}

function contract(abi: ConstructorParameters<typeof Interface>[0], address: string): Contract {
  const parsed = new Interface(abi)
  return { address, abi: parsed, call: (name, args) => ({ to: address, data: parsed.encodeFunctionData(name, args) }) }
}

function toResult({ transactionHash, blockNumber }: Receipt): TransactionResult {
  return { hash: transactionHash, blockNumber }
}
