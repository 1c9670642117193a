import { computeHmac, getBytes, hexlify, SigningKey, TypedDataEncoder, toUtf8Bytes, Wallet } from 'ethers'

import type { IdentityId } from '#shared/model/identity.ts'

import type { UnlockedIdentity } from '../ports/identity.ts'

/**
 * An identity that signs with ethers, the reference for signatures on chain; decrypting is not what its
 * tests are about. The same `name` always gives the same identity.
 */
export function createSigningIdentity(name: string): UnlockedIdentity {
  const key = new SigningKey(computeHmac('sha256', toUtf8Bytes('signing identity'), toUtf8Bytes(name)))
  const wallet = new Wallet(key)
  return {
    id: wallet.address.toLowerCase() as IdentityId,
    publicKey: getBytes(key.publicKey),
    signDigest: (digest) => getBytes(key.sign(digest).serialized),
    signTypedData: ({ domain, types, value }) => {
      const hash = TypedDataEncoder.hash(domain, types, value)
      return hexlify(key.sign(hash).serialized) as `0x${string}`
    },
    decrypt() {
      throw new Error('this identity only signs')
    },
  }
}
