import { keccak256, Transaction } from 'ethers'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import type { GasAccount, Hex } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Agreement } from './agreement.ts'
import type { JsonRpc } from './json-rpc.ts'
import { RpcRefused } from './json-rpc.ts'
import { block, data, hash, quantity, type Receipt, receipt, smallQuantity } from './quantities.ts'
import { transactionFailed } from './revert.ts'

/** No call of ours needs a tenth of it; a node that claims otherwise is not believed. */
const MAX_GAS = 3_000_000n
/** What a lying node could make us pay per unit of gas on top of the base fee: 100 gwei. */
const MAX_TIP = 100_000_000_000n
/** When it is still not mined, the person is told; it may be mined later. */
const RECEIPT_TIMEOUT_MS = 180_000

export type Call = { to: string; data: string }

export type Transactions = {
  /**
   * Runs `work` alone among everything that this gas account pays for, so that nonces follow each other.
   * Throws `InsufficientGas`, `TransactionFailed`, `TransactionPending`, `ChainUnreachable`.
   */
  alone<T>(gas: GasAccount, work: (send: (call: Call) => Promise<Receipt>) => Promise<T>): Promise<T>
}

export function createTransactions(
  { rpc, agreement, clock }: { rpc: JsonRpc; agreement: Pick<Agreement, 'same'>; clock: Clock },
  options: { chainId: bigint; receiptPollMs: number },
): Transactions {
  const queues = new Map<string, Promise<unknown>>()

  async function fees(): Promise<{
    type: number
    gasPrice?: bigint
    maxFeePerGas?: bigint
    maxPriorityFeePerGas?: bigint
  }> {
    const latest = await rpc.call(block, 'eth_getBlockByNumber', ['latest', false])
    if (latest.baseFeePerGas === undefined) {
      return { type: 0, gasPrice: await rpc.call(quantity, 'eth_gasPrice', []) }
    }
    const asked = await rpc.call(quantity, 'eth_maxPriorityFeePerGas', [])
    const tip = asked > MAX_TIP ? MAX_TIP : asked
    return { type: 2, maxFeePerGas: latest.baseFeePerGas * 2n + tip, maxPriorityFeePerGas: tip }
  }

  async function send(gas: GasAccount, call: Call): Promise<Receipt> {
    const request = { from: gas.address, to: call.to, data: call.data }
    // A call that would fail is not paid for: its reason comes from the estimate.
    const estimate = await refusing(rpc.call(quantity, 'eth_estimateGas', [request]))
    const gasLimit = (estimate * 12n) / 10n
    if (gasLimit > MAX_GAS) {
      throw new MystError(
        'TransactionFailed',
        'The transaction would need an implausible amount of gas; it was not sent.',
      )
    }
    const fee = await fees()
    const perGas = fee.maxFeePerGas ?? fee.gasPrice ?? 0n
    const balance = await rpc.call(quantity, 'eth_getBalance', [gas.address, 'latest'])
    if (balance < gasLimit * perGas) {
      throw new MystError(
        'InsufficientGas',
        `The gas account ${gas.address} does not hold enough ether for the transaction; send some to it.`,
        { details: { needed: (gasLimit * perGas).toString(), available: balance.toString() } },
      )
    }
    const nonce = await rpc.call(smallQuantity, 'eth_getTransactionCount', [gas.address, 'pending'])
    const unsigned = Transaction.from({
      ...fee,
      to: call.to,
      data: call.data,
      nonce,
      gasLimit,
      chainId: options.chainId,
    })
    const raw = await gas.sign(unsigned)
    const sent = keccak256(raw) as Hex
    await broadcast(raw, sent)
    const mined = await waitFor(sent)
    if (mined.status !== 1) {
      // Asked again at that block, the call tells why.
      await refusing(rpc.call(data, 'eth_call', [request, `0x${mined.blockNumber.toString(16)}`]))
      throw new MystError('TransactionFailed', 'The contract refused the transaction.')
    }
    return mined
  }

  /** The hash is ours, so an answer lost on the way is no loss: a node that has it already says so. */
  async function broadcast(raw: Hex, sent: Hex): Promise<void> {
    try {
      await rpc.call(hash, 'eth_sendRawTransaction', [raw])
    } catch (error) {
      if (!(error instanceof RpcRefused)) throw error
      if (/already known|already imported|known transaction/i.test(error.message)) return
      if ((await rpc.call(z.object({ hash }).nullable(), 'eth_getTransactionByHash', [sent])) === null) {
        throw new MystError('TransactionFailed', error.message, { cause: error })
      }
    }
  }

  /** An outage on the way is waited out: what was sent must not be taken for lost and sent twice. */
  async function waitFor(sent: Hex): Promise<Receipt> {
    const giveUpAtMs = clock.now() + RECEIPT_TIMEOUT_MS
    for (;;) {
      // Not before every node knows of it: one alone could make it up.
      const found = await agreement.same(receipt.nullable(), 'eth_getTransactionReceipt', [sent]).catch(() => null)
      if (found) return found
      if (clock.now() >= giveUpAtMs) {
        throw new MystError(
          'TransactionPending',
          'The transaction was sent but not mined within three minutes; it may still be, so look again before repeating it.',
          { details: { hash: sent } },
        )
      }
      await new Promise<void>((resolve) => void clock.after(options.receiptPollMs, resolve))
    }
  }

  return {
    alone(gas, work) {
      const before = queues.get(gas.address) ?? Promise.resolve()
      const run = before.then(() => work((call) => send(gas, call)))
      // What waits behind goes on after a failure too.
      const done = run.then(
        () => undefined,
        () => undefined,
      )
      queues.set(gas.address, done)
      void done.then(() => {
        if (queues.get(gas.address) === done) queues.delete(gas.address)
      })
      return run
    },
  }
}

/** Turns a revert into `TransactionFailed` with the contract's own error decoded. */
export async function refusing<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof RpcRefused && error.data !== undefined ? transactionFailed(error) : error
  }
}
