import { Interface } from 'ethers'
import { z } from 'zod'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Amount } from '#shared/model/units.ts'
import { contracts } from '../chain/generated/contracts.ts'
import { createJsonRpc, RpcRefused } from '../chain/json-rpc.ts'
import { address, hash, receipt } from '../chain/quantities.ts'
import type { Hex } from '../ports/chain.ts'

/** Enough for thousands of transactions on a chain where ether is worth nothing. */
const GAS_WEI = 10n ** 19n

/**
 * MYST and ether for a gas account on a local test network, from the chain's own unlocked first
 * account: nobody's key is in our code or files. Throws `NoFaucet` elsewhere.
 */
export async function askFaucet(network: NetworkFile, to: Hex, amount: Amount): Promise<void> {
  if (!network.local) {
    throw new MystError(
      'NoFaucet',
      'There is a faucet on a local test network only; send MYST and ether to the gas account instead.',
    )
  }
  const rpc = createJsonRpc(network.rpc)
  const [holder] = await rpc.call(z.array(address).min(1), 'eth_accounts', [])
  await rpc.call(z.unknown(), 'anvil_setBalance', [to, `0x${GAS_WEI.toString(16)}`])
  const data = new Interface(contracts.MystToken.abi).encodeFunctionData('transfer', [to, amount])
  const transfer = { from: holder, to: network.contracts.token, data }
  const sent = await send(() => rpc.call(hash, 'eth_sendTransaction', [transfer]))
  for (;;) {
    const mined = await rpc.call(receipt.nullable(), 'eth_getTransactionReceipt', [sent])
    if (mined?.status === 1) return
    if (mined) throw new MystError('FaucetEmpty', 'The faucet does not hold that much MYST; ask for less.')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The chain numbers the holder's transactions, and gives two who ask at once the same number: one of them is refused. */
async function send(transfer: () => Promise<Hex>): Promise<Hex> {
  for (;;) {
    try {
      return await transfer()
    } catch (error) {
      if (!(error instanceof RpcRefused) || !/nonce too low|underpriced/i.test(error.message)) throw error
    }
  }
}
