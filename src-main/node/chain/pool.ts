import { Transaction } from 'ethers'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'

import type { Hex } from '../ports/chain.ts'
import { toHex } from './agreement.ts'
import { type JsonRpc, RpcRefused } from './json-rpc.ts'
import { data, hash, quantity } from './quantities.ts'
import { refusing } from './revert.ts'

/** How nodes call a revert that has no reason. */
const REVERTED = 3

/** What a node makes of a transaction: `later` time will tell, `never` no node takes it. */
export type Taken = { kind: 'taken' } | { kind: 'too-cheap' } | { kind: 'later' | 'never'; why: string }

/** Signed transactions at the blockchain nodes, before they are mined; and why one was reverted after. */
export type Pool = {
  has(hash: Hex): Promise<boolean>
  broadcast(raw: Hex): Promise<Taken>
  /** Why the contract would refuse it now; undefined when it would not. */
  wouldFail(raw: Hex): Promise<MystError | undefined>
  whyReverted(raw: Hex, blockNumber: number): Promise<MystError>
}

export function createPool(rpc: Pick<JsonRpc, 'call'>): Pool {
  const has = async (of: Hex) =>
    (await rpc.call(z.object({ hash }).nullable(), 'eth_getTransactionByHash', [of])) !== null

  return {
    has,
    async broadcast(raw) {
      try {
        await rpc.call(hash, 'eth_sendRawTransaction', [raw])
        return { kind: 'taken' }
      } catch (error) {
        if (!(error instanceof RpcRefused)) throw error
        const why = error.message
        // The hash is ours, so an answer lost on the way is no loss: a node that has it already says so.
        if (/already known|already imported|known transaction/i.test(why)) return { kind: 'taken' }
        if (await has(Transaction.from(raw).hash as Hex)) return { kind: 'taken' }
        if (/base fee/i.test(why)) return { kind: 'too-cheap' }
        // A busy node, or another transaction with this nonce.
        if (error.elsewhere || /nonce|underpriced|full|limit/i.test(why)) return { kind: 'later', why }
        return { kind: 'never', why }
      }
    },
    async wouldFail(raw) {
      try {
        await refusing(rpc.call(quantity, 'eth_estimateGas', [requestOf(raw)]))
        return undefined
      } catch (error) {
        if (error instanceof MystError && error.name === 'TransactionFailed') return error
        if (!(error instanceof RpcRefused) || error.code !== REVERTED) throw error
        return new MystError('TransactionFailed', 'The contract would refuse the transaction now; it was not sent.')
      }
    },
    async whyReverted(raw, blockNumber) {
      try {
        await refusing(rpc.call(data, 'eth_call', [requestOf(raw), toHex(blockNumber)]))
      } catch (error) {
        if (error instanceof MystError && error.name === 'TransactionFailed') return error
      }
      return new MystError('TransactionFailed', 'The contract refused the transaction.')
    },
  }
}

function requestOf(raw: Hex): { from: string | null; to: string | null; data: string } {
  const { from, to, data: input } = Transaction.from(raw)
  return { from, to, data: input }
}
