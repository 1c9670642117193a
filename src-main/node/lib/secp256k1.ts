import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as secp from '@noble/secp256k1'
import type { IdentityId } from '#shared/model/identity.ts'
import { native as loaded, type Native } from './secp256k1-native.ts'

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
  return hasOneForm(signature) && curve.verify(signature.subarray(0, 64), digest, publicKey)
}

/** Whose key made `signature` (65 bytes, low s, v 27 or 28) over the 32-byte `digest`; undefined: nobody's. */
export function recoverIdentity(signature: Uint8Array, digest: Uint8Array): IdentityId | undefined {
  if (!hasOneForm(signature)) return undefined
  const publicKey = curve.recover(signature.subarray(0, 64), (signature[64] ?? 0) - 27, digest)
  return publicKey && identityOf(publicKey)
}

/** Half of the group order; above it a signature is the mirror image of another one. */
const HALF_ORDER = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex')

/** The one form that contracts take too. */
function hasOneForm(signature: Uint8Array): boolean {
  const v = signature[64]
  return signature.length === 65 && (v === 27 || v === 28) && HALF_ORDER.compare(signature.subarray(32, 64)) >= 0
}

/**
 * What is asked of signatures of others, by two libraries that answer alike. `rs` has 64 bytes; bad ones throw nothing.
 * Secret keys stay with the one in JavaScript.
 */
export type Curve = {
  verify(rs: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean
  /** 65 bytes. */
  recover(rs: Uint8Array, bit: number, digest: Uint8Array): Uint8Array | undefined
}

export const inJavaScript: Curve = {
  verify: (rs, digest, publicKey) => orNothing(() => secp.verify(rs, digest, publicKey, { prehash: false })) ?? false,
  recover: (rs, bit, digest) =>
    orNothing(() => secp.recoverPublicKey(Uint8Array.of(bit, ...rs), digest, { prehash: false, isCompressed: false })),
}

/** Undefined where the package has no build for this machine. */
export const inNative: Curve | undefined = loaded && overNative(loaded)

const curve = inNative ?? inJavaScript

function overNative(native: Native): Curve {
  return {
    verify: (rs, digest, publicKey) => orNothing(() => native.ecdsaVerify(rs, digest, publicKey)) ?? false,
    recover: (rs, bit, digest) => orNothing(() => native.ecdsaRecover(rs, bit, digest, false)),
  }
}

function orNothing<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
