import type { IdentityId } from '#shared/model/identity.ts'

/** EIP-712 typed data as ethers understands it. */
export type TypedData = {
  domain: { name: string; version: string; chainId: bigint | number; verifyingContract: string }
  types: Record<string, { name: string; type: string }[]>
  value: Record<string, unknown>
}

/**
 * An unlocked identity: signs and decrypts, and never gives its private key away (whitepaper 6.3:
 * only the identity agent acts for an identity).
 */
export type UnlockedIdentity = {
  readonly id: IdentityId
  /** 65 bytes, uncompressed, with the 0x04 prefix. */
  readonly publicKey: Uint8Array
  /** 65 bytes r ‖ s ‖ v over a 32-byte digest, low s, v 27 or 28. */
  signDigest(digest: Uint8Array): Uint8Array
  /** `0x` hex of 65 bytes over the EIP-712 hash. */
  signTypedData(data: TypedData): `0x${string}`
  /** ECIES in eciesjs's default secp256k1 format. Throws on anything that does not decrypt. */
  decrypt(ciphertext: Uint8Array): Uint8Array
}

/** Registered identities as this node knows them from the chain (whitepaper 6.3). */
export type Registry = {
  /** 65-byte public key, or undefined when the identity is not registered. */
  publicKey(id: IdentityId): Uint8Array | undefined
  /** MYST forfeited at registration, in base units; 0n when not registered. */
  registeredValue(id: IdentityId): bigint
}
