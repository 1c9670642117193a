import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import * as secp from '@noble/secp256k1'

/**
 * ECIES (whitepaper 6.6), byte for byte eciesjs's default for secp256k1: uncompressed ephemeral key 65 │
 * nonce 16 │ tag 16 │ ciphertext; the AES-256-GCM key is HKDF-SHA256(ephemeral key ‖ shared point), both
 * uncompressed. eciesjs is the reference that the tests hold this to; it multiplies points four times
 * where once is enough, and every message of every dialogue waits for that.
 */
const POINT = 65
const NONCE = 16
const TAG = 16

/** To a 65-byte public key. */
export function eciesEncrypt(publicKey: Uint8Array, plain: Uint8Array): Uint8Array {
  const ephemeral = secp.utils.randomSecretKey()
  const point = secp.getPublicKey(ephemeral, false)
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', sharedKey(point, ephemeral, publicKey), nonce, { authTagLength: TAG })
  const ciphertext = concatBytes(cipher.update(plain), cipher.final())
  return concatBytes(point, nonce, cipher.getAuthTag(), ciphertext)
}

/** Throws on anything that does not decrypt. */
export function eciesDecrypt(privateKey: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < POINT + NONCE + TAG) throw new Error('too short to be encrypted')
  const point = sealed.subarray(0, POINT)
  const nonce = sealed.subarray(POINT, POINT + NONCE)
  const tag = sealed.subarray(POINT + NONCE, POINT + NONCE + TAG)
  const decipher = createDecipheriv('aes-256-gcm', sharedKey(point, privateKey, point), nonce, { authTagLength: TAG })
  decipher.setAuthTag(tag)
  return concatBytes(decipher.update(sealed.subarray(POINT + NONCE + TAG)), decipher.final())
}

/** noble checks that `other` is a point of the curve. */
function sharedKey(ephemeralPoint: Uint8Array, secret: Uint8Array, other: Uint8Array): Uint8Array {
  const shared = secp.getSharedSecret(secret, other, false)
  return hkdf(sha256, concatBytes(ephemeralPoint, shared), undefined, undefined, 32)
}
