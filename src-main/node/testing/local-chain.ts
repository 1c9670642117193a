import { Wallet } from 'ethers'
import { z } from 'zod'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MYST } from '#shared/model/units.ts'
import { createJsonRpc } from '../chain/json-rpc.ts'
import { silentLogger } from '../lib/logger.ts'
import { startAnvil } from '../localnet/anvil.ts'
import { deployNetwork } from '../localnet/deploy.ts'
import { askFaucet } from '../localnet/faucet.ts'
import type { GasAccount } from '../ports/chain.ts'
import { createGasAccount } from './gas-account.ts'

/** A real chain with the real contracts, for tests; every transaction has its block at once. */
export type LocalChain = {
  network: NetworkFile
  /** A new gas account with 10 ether and `myst` whole MYST. */
  gasAccount(myst?: bigint): Promise<GasAccount>
  /** Anvil's own methods: evm_snapshot, evm_revert, anvil_mine, evm_increaseTime … */
  control(method: string, ...params: unknown[]): Promise<unknown>
  stop(): Promise<void>
}

export async function startLocalChain(): Promise<LocalChain> {
  const anvil = await startAnvil({ host: '127.0.0.1', port: 0, log: silentLogger })
  const network = await deployNetwork({
    rpc: anvil.rpc,
    name: 'test',
    brokers: ['mqtt://127.0.0.1:1883'],
    probes: [],
    local: true,
  })
  const rpc = createJsonRpc(network.rpc)
  return {
    network,
    async gasAccount(myst = 1_000n) {
      const gas = createGasAccount(Wallet.createRandom())
      await askFaucet(network, gas.address, myst * MYST)
      return gas
    },
    control: (method, ...params) => rpc.call(z.unknown(), method, params),
    stop: () => anvil.stop(),
  }
}
