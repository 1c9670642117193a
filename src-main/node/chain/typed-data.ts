import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { PaymentPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Hex } from '../ports/chain.ts'
import type { TypedData } from '../ports/identity.ts'
import { createPromiseDigest } from './promise-digest.ts'

type Field = { name: string; type: string }
const address = (name: string): Field => ({ name, type: 'address' })
const uint256 = (name: string): Field => ({ name, type: 'uint256' })

const PROMISE = [address('issuer'), uint256('serial'), address('benefiter'), uint256('amount')]

/** What identities sign for the contracts (EIP-712); chain and contract are in the domain. */
export function createTypedData(network: Pick<NetworkFile, 'chainId' | 'contracts'>) {
  const domain = (name: string, verifyingContract: string) => ({
    name,
    version: '1',
    chainId: network.chainId,
    verifyingContract,
  })
  const registry = domain('Mysterium IdentityRegistry', network.contracts.identityRegistry)
  const accounts = domain('Mysterium PaymentAccounts', network.contracts.paymentAccounts)
  // The token's own name; ERC20Permit has version 1.
  const token = domain('Mysterium', network.contracts.token)
  const bare = ({ issuer, serial, benefiter, amount }: PaymentPromise) => ({ issuer, serial, benefiter, amount })
  return {
    registration: (value: { identity: IdentityId; payer: Hex; maxFee: Amount; deadline: number }): TypedData => ({
      domain: registry,
      types: {
        Registration: [address('identity'), address('payer'), uint256('maxFee'), uint256('nonce'), uint256('deadline')],
      },
      // An identity registers once, so that its nonce never moves.
      value: { ...value, nonce: 0n },
    }),
    /** ERC-2612: lets the payment contract take exactly `value` of the owner's MYST, once. */
    permit: (value: { owner: Hex; spender: string; value: Amount; nonce: bigint; deadline: number }): TypedData => ({
      domain: token,
      types: {
        Permit: [address('owner'), address('spender'), uint256('value'), uint256('nonce'), uint256('deadline')],
      },
      value,
    }),
    promise: (promise: PaymentPromise): TypedData => ({
      domain: accounts,
      types: { Promise: PROMISE },
      value: bare(promise),
    }),
    promiseDigest: createPromiseDigest({ domain: accounts, types: { Promise: PROMISE } }),
    clearing: (promise: PaymentPromise, acceptLess: boolean): TypedData => ({
      domain: accounts,
      types: { Clearing: [...PROMISE, { name: 'acceptLess', type: 'bool' }] },
      value: { ...bare(promise), acceptLess },
    }),
    clearingBatch: (promises: readonly PaymentPromise[], acceptLess: boolean): TypedData => ({
      domain: accounts,
      types: {
        ClearingBatch: [
          { name: 'promises', type: 'Promise[]' },
          { name: 'acceptLess', type: 'bool' },
        ],
        Promise: PROMISE,
      },
      value: { promises: promises.map(bare), acceptLess },
    }),
    withdrawal: (value: {
      identity: IdentityId
      to: Hex
      amount: Amount
      nonce: bigint
      deadline: number
    }): TypedData => ({
      domain: accounts,
      types: {
        Withdrawal: [address('identity'), address('to'), uint256('amount'), uint256('nonce'), uint256('deadline')],
      },
      value,
    }),
  }
}
