import { bytesToHex } from '@noble/hashes/utils.js'
import { TypedDataEncoder } from 'ethers'
import { eciesDecrypt } from '../lib/ecies.ts'
import { identityOf, publicKeyOf, signDigest } from '../lib/secp256k1.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'

/**
 * The identity agent (whitepaper 6.3): acts with a private key that lives in this closure and nowhere
 * else. `privateKey` is copied; the caller may wipe its own.
 */
export function createUnlockedIdentity(privateKey: Uint8Array): UnlockedIdentity {
  const key = Uint8Array.from(privateKey)
  const publicKey = publicKeyOf(key)
  return Object.freeze({
    id: identityOf(publicKey),
    // a copy at each reading, so that nobody can change the key that others will see
    get publicKey() {
      return Uint8Array.from(publicKey)
    },
    signDigest: (digest: Uint8Array) => signDigest(digest, key),
    signTypedData: ({ domain, types, value }) => {
      const digest = TypedDataEncoder.hash(domain, types, value)
      return `0x${bytesToHex(signDigest(Buffer.from(digest.slice(2), 'hex'), key))}`
    },
    decrypt: (ciphertext: Uint8Array) => eciesDecrypt(key, ciphertext),
  } satisfies UnlockedIdentity)
}
