import { type Signer, Transaction } from 'ethers'
import { MystError } from '#shared/errors/myst-error.ts'

import type { GasAccount, Hex } from '../ports/chain.ts'

/** A gas account over an ethers wallet (address known, key unlocked). Only the chain module calls `sign`. */
export function createGasAccount(wallet: Signer & { address: string }): GasAccount {
  return {
    address: wallet.address.toLowerCase() as Hex,
    async sign(transaction) {
      if (!(transaction instanceof Transaction)) {
        throw new MystError('TransactionFailed', 'The gas account signs transactions of the chain module only.')
      }
      return (await wallet.signTransaction(transaction)) as Hex
    },
    signTypedData: async ({ domain, types, value }) => (await wallet.signTypedData(domain, types, value)) as Hex,
  }
}
