import { concat, hexlify, Interface, keccak256, Signature } from 'ethers'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { type Amount, formatMyst } from '#shared/model/units.ts'

import type { Chain, GasAccount, Hex, TransactionPurpose, TransactionResult } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createTransactionJournal, type TransactionJournal } from '../storage/transaction-journal.ts'
import { createAgreement, toHex } from './agreement.ts'
import { eventFilter, nonsense, readEvent, readEvents, readOutcomes } from './chain-events.ts'
import { checkBatch } from './check-batch.ts'
import { clearArguments, clearManyArguments } from './clear-call.ts'
import { perGas, readPrice } from './fees.ts'
import { contracts } from './generated/contracts.ts'
import { createJsonRpc, type JsonRpcOptions } from './json-rpc.ts'
import { block, data, logs, quantity } from './quantities.ts'
import { refusing } from './revert.ts'
import { type Call, createTransactions, type Mined } from './transactions.ts'
import { createTypedData } from './typed-data.ts'

/** A signed registration or withdrawal that has not reached the chain by then is void. */
const SIGNED_FOR_S = 3_600

/** As deep as public nodes remember states, and deeper than chains reorganise by accident. */
const CONFIRMATIONS = 12

/** `journal`: where transactions are remembered across runs; without it, for the life of this process only. */
export type ChainDeps = { network: NetworkFile; clock: Clock; fetch?: typeof fetch; journal?: TransactionJournal }
export type ChainOptions = { timeoutMs?: number; receiptPollMs?: number }

/**
 * The contracts of a network over all of its JSON-RPC addresses. Every method may throw
 * `ChainUnreachable`, `ChainDisputed` or `WrongNetwork`; those that send also `InsufficientFunds`, `InsufficientGas`,
 * `TransactionFailed` (details.error: the contract's own) and `TransactionPending`.
 */
export function createChain(
  { network, clock, fetch, journal = inMemory() }: ChainDeps,
  options: ChainOptions = {},
): Chain {
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
  const transactions = createTransactions(
    { rpc, agreement, clock, journal },
    { chainId, pollMs: receiptPollMs, confirmations: network.local ? 0 : CONFIRMATIONS },
  )
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
    return decoded(target, name, await refusing(agreement.state(data, 'eth_call', [target.call(name, args)])))
  }

  /** Fixed at deployment, so it can be compared whatever block the nodes are at. */
  async function readFixed(target: Contract, name: string): Promise<unknown> {
    return decoded(target, name, await refusing(agreement.same(data, 'eth_call', [target.call(name, []), 'latest'])))
  }

  function decoded(target: Contract, name: string, result: Hex): unknown {
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

  const blockAt = (number: number) => agreement.same(block.nullable(), 'eth_getBlockByNumber', [toHex(number), false])

  async function deadline(): Promise<number> {
    // The chain's time, not ours: a wrong clock on this machine must not void what is signed.
    return (await agreement.head()).timestamp + SIGNED_FOR_S
  }

  async function holds(gas: GasAccount, amount: Amount): Promise<void> {
    const available = await tokenBalanceOf(gas.address)
    if (available >= amount) return
    throw new MystError(
      'InsufficientFunds',
      `The gas account ${gas.address} holds ${formatMyst(available)} MYST and ${formatMyst(amount)} are needed; send the rest to it.`,
      { details: { needed: amount.toString(), available: available.toString() } },
    )
  }

  const only = (
    gas: GasAccount,
    what: TransactionPurpose['what'],
    intent: string,
    prepare: () => Promise<Call> | Call,
  ): Promise<Mined> => transactions.alone(gas, (send) => send({ what, intent }, prepare))

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
    blockHash: async (number) => (await blockAt(number))?.hash,
    async blockTime(number) {
      const found = await blockAt(number)
      return found ? { hash: found.hash, minedAt: found.timestamp } : undefined
    },
    async events(fromBlock, toBlock) {
      const filter = { ...eventFilter(network.contracts), fromBlock: toHex(fromBlock), toBlock: toHex(toBlock) }
      const found = await agreement.same(logs, 'eth_getLogs', [filter], { range: fromBlock < toBlock })
      return readEvents(found, network.contracts, { fromBlock, toBlock })
    },
    registrationFee: () => readAmount(registry, 'fee'),
    balanceOf: (identity) => readAmount(accounts, 'balanceOf', [identity]),
    tokenBalanceOf,
    gasBalanceOf: (address) => agreement.state(quantity, 'eth_getBalance', [address]),
    lastClearedSerial: (issuer, benefiter) => readAmount(accounts, 'lastClearedSerial', [issuer, benefiter]),
    networkFeeBps: () => readAmount(accounts, 'networkFeeBps'),
    async networkAccount() {
      const account = await readFixed(accounts, 'networkAccount')
      if (typeof account !== 'string') throw nonsense()
      return account.toLowerCase() as IdentityId
    },

    // The registry takes no permit: an approval of exactly the fee comes first, unless one stands.
    register: (identity, gas) =>
      transactions.alone(gas, async (send) => {
        const maxFee = await readAmount(registry, 'fee')
        const allow = async (): Promise<bigint> => {
          if ((await readAmount(registry, 'registeredValue', [identity.id])) > 0n) return 0n
          if ((await readAmount(token, 'allowance', [gas.address, registry.address])) >= maxFee) return 0n
          const intent = `approve ${registry.address} ${maxFee}`
          const approved = await send({ what: 'register', intent }, async () => {
            await holds(gas, maxFee)
            return token.call('approve', [registry.address, maxFee])
          })
          return approved.gasPaid
        }
        const before = await allow()
        const mined = await send({ what: 'register', intent: `register ${identity.id}` }, async () => {
          const until = await deadline()
          const signed = typedData.registration({ identity: identity.id, payer: gas.address, maxFee, deadline: until })
          const publicKey = hexlify(identity.publicKey.subarray(1))
          return registry.call('register', [publicKey, maxFee, until, identity.signTypedData(signed)])
        })
        return { ...toResult(mined), gasPaid: before + mined.gasPaid }
      }),
    announce: async (proposal, gas) => {
      const call = directory.call('announce', [hexlify(proposal)])
      return toResult(await only(gas, 'announce', `announce ${keccak256(proposal)}`, () => call))
    },
    deposit: async (identity, amount, gas) =>
      toResult(
        await only(gas, 'deposit', `deposit ${identity} ${amount}`, async () => {
          await holds(gas, amount)
          // Whatever else goes wrong: a permit is used once, so that a deposit cannot be made twice with it.
          const nonce = await readAmount(token, 'nonces', [gas.address])
          const until = await deadline()
          const owner = gas.address
          const permit = { owner, spender: accounts.address, value: amount, nonce, deadline: until }
          const { v, r, s } = Signature.from(await gas.signTypedData(typedData.permit(permit)))
          return accounts.call('depositWithPermit', [identity, amount, until, v, r, s])
        }),
      ),
    async clear(promise, benefiter, gas, { acceptLess = false } = {}) {
      const agreed = benefiter.signTypedData(typedData.clearing(promise, acceptLess))
      const call = accounts.call('clear', clearArguments(promise, agreed, acceptLess))
      const receipt = await only(gas, 'clear', intentOf(call), () => call)
      const [outcome] = readOutcomes(receipt.logs, [promise], network.contracts)
      if (outcome?.kind !== 'cleared') throw nonsense()
      return { ...toResult(receipt), amount: outcome.amount, fee: outcome.fee }
    },
    async clearMany(promises, benefiter, gas, { acceptLess = false } = {}) {
      checkBatch(promises, benefiter.id)
      const agreed = benefiter.signTypedData(typedData.clearingBatch(promises, acceptLess))
      const call = accounts.call('clearMany', clearManyArguments(promises, benefiter.id, agreed, acceptLess))
      const receipt = await only(gas, 'clear', intentOf(call), () => call)
      return { ...toResult(receipt), outcomes: readOutcomes(receipt.logs, promises, network.contracts) }
    },
    async announceWithdrawal(identity, amount, to, gas) {
      const receipt = await only(gas, 'withdraw', `withdraw ${identity.id} ${amount} ${to}`, async () => {
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
      toResult(
        await only(gas, 'withdraw', `execute ${identity}`, () => accounts.call('executeWithdrawal', [identity])),
      ),
    async noticePeriod() {
      const seconds = await readFixed(accounts, 'noticePeriod')
      if (typeof seconds !== 'bigint') throw nonsense()
      return Number(seconds)
    },
    async gasPrice() {
      const { now, most, fees } = await readPrice(rpc)
      return { now, toBegin: perGas(fees), most }
    },
    follow: transactions.follow,
    promiseTypedData: typedData.promise,
    promiseDigest: typedData.promiseDigest,
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

function toResult({ transactionHash, blockNumber, gasPaid }: Mined): TransactionResult {
  return { hash: transactionHash, blockNumber, gasPaid }
}

/** Signatures over the same are the same, so that the call itself says what is wanted. */
function intentOf(call: Call): string {
  return `${call.to} ${keccak256(call.data)}`
}

function inMemory(): TransactionJournal {
  const store = openStore(':memory:')
  migrate(store)
  return createTransactionJournal(store)
}
