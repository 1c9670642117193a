import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as secp from '@noble/secp256k1'
import type { IdentityId } from '#shared/model/identity.ts'

// noble asks for its hash functions once per process; this is wiring of a library, not state of ours.
secp.hashes.sha256 = sha256
secp.hashes.hmacSha256 = (key, message) => hmac(sha256, key, message)

/** `0x` + last 20 bytes of keccak256(65-byte public key without its 0x04 prefix) (whitepaper 6.3). */
export function identityOf(publicKey: Uint8Array): IdentityId {
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))}`
}

/** 65 bytes, uncompressed, with the 0x04 prefix. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return secp.getPublicKey(privateKey, false)
}

export function randomPrivateKey(): Uint8Array {
  return secp.utils.randomSecretKey()
}

/** 65 bytes r ‖ s ‖ v over a 32-byte digest: low s, v 27 or 28, deterministic (RFC 6979). */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  // noble puts the recovery bit first, Ethereum puts it last as 27 or 28
  const recovered = secp.sign(digest, privateKey, { prehash: false, format: 'recovered' })
  const signature = new Uint8Array(65)
  signature.set(recovered.subarray(1), 0)
  signature[64] = 27 + (recovered[0] ?? 0)
  return signature
}

/** True when `signature` (65 bytes, low s, v 27 or 28) over `digest` was made with the key of `publicKey`. */
export function verifyDigest(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 65 || (signature[64] !== 27 && signature[64] !== 28)) return false
  try {
    return secp.verify(signature.subarray(0, 64), digest, publicKey, { prehash: false })
  } catch {
    return false
  }
}
