import { keccak_256 } from '@noble/hashes/sha3.js'
import { TypedDataEncoder } from 'ethers'
import type { PaymentPromise } from '#shared/model/promise.ts'

import type { TypedData } from '../ports/identity.ts'

/**
 * The EIP-712 digest of promises of one contract: what its typed data hashes to, at a twentieth of the price, because
 * a provider does this for every promise. What is the same for all of them is hashed once, by ethers.
 */
export function createPromiseDigest({ domain, types }: Pick<TypedData, 'domain' | 'types'>) {
  const text = new TextEncoder().encode(TypedDataEncoder.from(types).encodeType('Promise'))
  const type = Buffer.from(keccak_256(text)).toString('hex')
  const prefix = Buffer.from(`1901${TypedDataEncoder.hashDomain(domain).slice(2)}`, 'hex')

  return ({ issuer, serial, benefiter, amount }: PaymentPromise): Uint8Array => {
    const fields = [issuer.slice(2), serial.toString(16), benefiter.slice(2), amount.toString(16)]
    const words = type + fields.map((field) => field.padStart(64, '0')).join('')
    return keccak_256(Buffer.concat([prefix, keccak_256(Buffer.from(words, 'hex'))]))
  }
}
