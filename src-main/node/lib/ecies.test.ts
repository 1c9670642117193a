import { hexToBytes } from '@noble/hashes/utils.js'
import { decrypt, encrypt } from 'eciesjs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eciesDecrypt, eciesEncrypt } from './ecies.ts'
import { publicKeyOf, randomPrivateKey } from './secp256k1.ts'

test('reads what eciesjs writes and writes what eciesjs reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (plain) => {
      const key = randomPrivateKey()
      const publicKey = publicKeyOf(key)
      expect(Buffer.compare(eciesDecrypt(key, encrypt(publicKey, plain)), plain)).toBe(0)
      expect(Buffer.compare(decrypt(key, eciesEncrypt(publicKey, plain)), plain)).toBe(0)
    }),
    { numRuns: 25 },
  )
})

test('opens the reference vector', () => {
  // made once with eciesjs 0.5.0
  const key = hexToBytes('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
  const sealed = hexToBytes(
    '04d580358eda7c0c2be29f72457c81a770ccddb15cbdf4ddc6e5dfdd45824c489404b7ccf11717846561ebc3fa6b794fb5f34cab3fe841d8e5d33ee8a74897a7a72927f1474225cd055eacf1deb8969911418c63b1e7d9e8bbe2343678775c53650afc7f75324b5fe63e',
  )
  expect(new TextDecoder().decode(eciesDecrypt(key, sealed))).toBe('Mysterium')
  expect(new TextDecoder().decode(decrypt(key, sealed))).toBe('Mysterium')
})

test('refuses points that are not on the curve, other encodings and any changed bit', () => {
  const key = randomPrivateKey()
  const sealed = eciesEncrypt(publicKeyOf(key), Uint8Array.of(1, 2, 3))
  fc.assert(
    fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => eciesDecrypt(key, changed)).toThrow()
    }),
    { numRuns: 60 },
  )
  for (const head of [0x00, 0x02, 0x03, 0x05, 0x06, 0x07]) {
    expect(() => eciesDecrypt(key, Uint8Array.from(sealed).fill(head, 0, 1))).toThrow()
  }
  for (const length of [0, 1, 65, 96]) expect(() => eciesDecrypt(key, sealed.subarray(0, length))).toThrow()
  expect(() => eciesEncrypt(new Uint8Array(65), Uint8Array.of(1))).toThrow()
})
