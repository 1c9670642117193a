import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Curve,
  identityOf,
  inJavaScript,
  inNative,
  publicKeyOf,
  randomPrivateKey,
  recoverIdentity,
  signDigest,
  verifyDigest,
} from './secp256k1.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const FIELD = 2n ** 256n - 2n ** 32n - 977n
/** x of the generator: the r of a signature made with the nonce 1. */
const GX = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n

const word = (value: bigint) => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
const join = (...words: Uint8Array[]) => Uint8Array.from(Buffer.concat(words))

/** Values around everything where an implementation may differ from another, and any others. */
const scalar = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      0n,
      1n,
      2n,
      GX,
      ORDER / 2n,
      ORDER / 2n + 1n,
      ORDER - 1n,
      ORDER,
      ORDER + 1n,
      FIELD,
      2n ** 256n - 1n,
    ),
  },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }) },
)
const key = fc.bigInt({ min: 1n, max: ORDER - 1n }).map(word)
const bit = fc.constantFrom(0, 1)

describe.runIf(inNative)('the native curve', () => {
  const native = inNative as Curve

  it('finds whose signature it is, or that it is nobody’s, for anything that may be one', () => {
    const any = fc.tuple(scalar.map(word), scalar.map(word), bit, scalar.map(word))
    fc.assert(
      fc.property(any, ([r, s, bit, digest]) => {
        const answers = [native, inJavaScript].map((curve) => curve.recover(join(r, s), bit, digest)?.toString())
        expect(answers[0]).toBe(answers[1])
      }),
      { numRuns: 150 },
    )
  })

  it('finds it for real signatures, and after any one of their bits is another', () => {
    const flipped = fc.tuple(scalar.map(word), key, fc.option(fc.nat(511)), bit)
    fc.assert(
      fc.property(flipped, ([digest, secret, flip, other]) => {
        const signature = signDigest(digest, secret)
        const [rs, bit] = [signature.subarray(0, 64), (signature[64] ?? 0) - 27]
        const bytes = Uint8Array.from(rs)
        if (flip !== null) bytes[flip >> 3] = (bytes[flip >> 3] ?? 0) ^ (1 << (flip & 7))
        const used = flip === null ? bit : other
        const found = native.recover(bytes, used, digest)
        expect(found?.toString()).toBe(inJavaScript.recover(bytes, used, digest)?.toString())
        const publicKey = publicKeyOf(secret)
        if (flip === null) expect(found).toEqual(publicKey)
        expect(native.verify(bytes, digest, publicKey)).toBe(inJavaScript.verify(bytes, digest, publicKey))
      }),
      { numRuns: 80 },
    )
  })

  it('finds nobody where the sum is no point: both sides cancel', () => {
    const digest = word(12_345n)
    for (const curve of [native, inJavaScript]) expect(curve.recover(join(word(GX), digest), 0, digest)).toBeUndefined()
  })

  it('takes and refuses the same keys and lengths', () => {
    const secret = randomPrivateKey()
    const digest = word(7n)
    const rs = signDigest(digest, secret).subarray(0, 64)
    const publicKey = publicKeyOf(secret)
    const off = Uint8Array.from(publicKey)
    off[64] = (off[64] ?? 0) ^ 1
    const keys = [publicKey, off, new Uint8Array(65), publicKey.subarray(0, 64), new Uint8Array(0)]
    for (const curve of [native, inJavaScript]) {
      expect(keys.map((one) => curve.verify(rs, digest, one))).toEqual([true, false, false, false, false])
      expect(curve.verify(rs.subarray(0, 63), digest, publicKey)).toBe(false)
      expect(curve.recover(rs.subarray(0, 63), 0, digest)).toBeUndefined()
    }
  })
})

describe('a signature', () => {
  const secret = randomPrivateKey()
  const digest = word(99n)
  const signature = signDigest(digest, secret)

  it('says whose it is', () => {
    expect(recoverIdentity(signature, digest)).toBe(identityOf(publicKeyOf(secret)))
    expect(verifyDigest(signature, digest, publicKeyOf(secret))).toBe(true)
    expect(recoverIdentity(signature, word(98n))).not.toBe(identityOf(publicKeyOf(secret)))
  })

  it('has one form: neither its mirror image nor another v is taken', () => {
    const mirror = Uint8Array.from(signature)
    mirror.set(word(ORDER - BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`)), 32)
    mirror[64] = 55 - (signature[64] ?? 0)
    const bare = Uint8Array.from(signature)
    bare[64] = (signature[64] ?? 0) - 27
    for (const other of [mirror, bare, signature.subarray(0, 64), join(signature, Uint8Array.of(0))]) {
      expect(recoverIdentity(other, digest)).toBeUndefined()
      expect(verifyDigest(other, digest, publicKeyOf(secret))).toBe(false)
    }
    for (const curve of [inJavaScript, inNative]) {
      const found = curve?.recover(mirror.subarray(0, 64), (mirror[64] ?? 0) - 27, digest)
      if (curve) expect(found).toEqual(publicKeyOf(secret))
    }
  })
})
