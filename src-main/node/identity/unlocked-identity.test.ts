import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import * as secp from '@noble/secp256k1'
import { encrypt } from 'eciesjs'
import { computeAddress, recoverAddress, SigningKey, verifyTypedData, Wallet } from 'ethers'
import { describe, expect, test } from 'vitest'
import { verifyDigest } from '../lib/secp256k1.ts'
import { createUnlockedIdentity } from './unlocked-identity.ts'

// A key known to everybody: account 0 of the test mnemonic that anvil and hardhat use.
const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const identity = createUnlockedIdentity(hexToBytes(KEY))

describe('an unlocked identity', () => {
  test('derives the identifier as Ethereum derives an address', () => {
    expect(identity.id).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
    expect(computeAddress(`0x${bytesToHex(identity.publicKey)}`).toLowerCase()).toBe(identity.id)
    expect(identity.publicKey.length).toBe(65)
    expect(identity.publicKey[0]).toBe(4)
  })

  test('signs digests exactly as ethers does, low s', () => {
    const digest = keccak_256(new TextEncoder().encode('Mysterium'))
    const signature = identity.signDigest(digest)
    expect(bytesToHex(signature)).toBe(new SigningKey(`0x${KEY}`).sign(digest).serialized.slice(2))
    expect(recoverAddress(digest, `0x${bytesToHex(signature)}`).toLowerCase()).toBe(identity.id)
    expect(verifyDigest(signature, digest, identity.publicKey)).toBe(true)
    expect(verifyDigest(signature, keccak_256(digest), identity.publicKey)).toBe(false)
  })

  test('refuses the twin of a signature with high s, and other lengths and recovery bytes', () => {
    const digest = keccak_256(new Uint8Array(1))
    const signature = identity.signDigest(digest)
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = BigInt(`0x${bytesToHex(signature.subarray(32, 64))}`)
    const twin = Uint8Array.from(signature)
    twin.set(hexToBytes((order - s).toString(16).padStart(64, '0')), 32)
    twin[64] = 55 - (twin[64] ?? 0)
    expect(secp.verify(twin.subarray(0, 64), digest, identity.publicKey, { prehash: false, lowS: false })).toBe(true)
    expect(verifyDigest(twin, digest, identity.publicKey)).toBe(false)
    expect(verifyDigest(signature.subarray(0, 64), digest, identity.publicKey)).toBe(false)
    expect(verifyDigest(Uint8Array.from(signature).fill(0, 64), digest, identity.publicKey)).toBe(false)
  })

  test('signs typed data that ethers verifies', async () => {
    const data = {
      domain: { name: 'Test', version: '1', chainId: 31_337n, verifyingContract: `0x${'11'.repeat(20)}` },
      types: { Promise: [{ name: 'amount', type: 'uint256' }] },
      value: { amount: 5n },
    }
    const signature = identity.signTypedData(data)
    expect(verifyTypedData(data.domain, data.types, data.value, signature).toLowerCase()).toBe(identity.id)
    expect(signature).toBe(await new Wallet(KEY).signTypedData(data.domain, data.types, data.value))
  })

  test('decrypts what was encrypted to it and nothing else', () => {
    const plain = new TextEncoder().encode('for you only')
    const sealed = encrypt(identity.publicKey, plain)
    expect(identity.decrypt(sealed)).toEqual(plain)
    const other = createUnlockedIdentity(hexToBytes('11'.repeat(32)))
    expect(() => other.decrypt(sealed)).toThrow()
    for (const at of [1, 66, 82, sealed.length - 1]) {
      const broken = Uint8Array.from(sealed)
      broken[at] = (broken[at] ?? 0) ^ 1
      expect(() => identity.decrypt(broken), `byte ${at}`).toThrow()
    }
    expect(() => identity.decrypt(new Uint8Array(10))).toThrow()
  })

  test('shows no private key, whatever is done with the object', () => {
    expect(JSON.stringify(identity)).not.toContain(KEY)
    expect(Object.isFrozen(identity)).toBe(true)
    identity.publicKey.fill(0)
    expect(identity.publicKey[0]).toBe(4)
  })
})
