// tsyringe, which @peculiar/x509 brings along, needs this first.
import 'reflect-metadata'
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { systemClock as clock } from '../../lib/clock.ts'
import { silentLogger as log } from '../../lib/logger.ts'
import type { Privilege } from '../../ports/privilege.ts'
import { altered, alteredBytes, tryCases, type Verdict } from '../../testing/hostile.ts'
import { encodePem } from './pem.ts'
import { startOpenVpnProvider } from './provider.ts'

/** Times more cases in `npm run test:deep`. */
const TIMES = process.env.DEEP === '1' ? 10 : 1

// A certificate request piece by piece (RFC 2986), so that each piece can be a strange one and the signature right.
const der = (tag: number, ...parts: (Buffer | number[])[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const digits = body.length.toString(16)
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, body])
}
const sequence = (...parts: Buffer[]) => der(0x30, ...parts)
const set = (...parts: Buffer[]) => der(0x31, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const text = (value: string, tag = 0x0c) => der(tag, Buffer.from(value, tag === 0x1e ? 'utf16le' : 'utf8'))
const integer = (bytes: Buffer) => der(0x02, [0], bytes)
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const name = (value: string, tag?: number) => sequence(set(sequence(oid('550403'), text(value, tag))))
const extensionRequest = (...extensions: Buffer[]) => sequence(oid('2a864886f70d01090e'), set(sequence(...extensions)))
const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x01, [0xff]), der(0x04, value))

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spkiOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' })
type Pieces = { subject: Buffer; spki: Buffer; attributes: Buffer[]; key: KeyObject; hash: string; algorithm: Buffer }

function requestOf(changed: Partial<Pieces> = {}): Buffer {
  const pieces: Pieces = {
    ...{ subject: name('session'), spki: spkiOf(keys.publicKey), attributes: [], key: keys.privateKey },
    ...{ hash: 'sha256', algorithm: ECDSA_SHA256 },
    ...changed,
  }
  const info = sequence(integer(Buffer.alloc(0)), pieces.subject, pieces.spki, der(0xa0, ...pieces.attributes))
  const signature = sign(pieces.key.asymmetricKeyType?.startsWith('ed') ? null : pieces.hash, info, pieces.key)
  return sequence(info, pieces.algorithm, der(0x03, [0], signature))
}

const otherKey = (curve: string) => generateKeyPairSync('ec', { namedCurve: curve })
const ofKey = (pair: { publicKey: KeyObject; privateKey: KeyObject }) =>
  requestOf({ spki: spkiOf(pair.publicKey), key: pair.privateKey })
const rsaKey = (modulus: Buffer, exponent = Buffer.from([1, 0, 1])) =>
  sequence(
    sequence(oid('2a864886f70d010101'), der(0x05)),
    der(0x03, [0], sequence(integer(modulus), integer(exponent))),
  )
const pointOnP256 = (point: Buffer) =>
  sequence(sequence(oid('2a8648ce3d0201'), oid('2a8648ce3d030107')), der(0x03, [0], point))
const { x = '' } = keys.publicKey.export({ format: 'jwk' })
const zero = (size: number) => Buffer.alloc(size)

const REFUSED: Record<string, () => Buffer> = {
  'P-384': () => ofKey(otherKey('P-384')),
  'P-521': () => ofKey(otherKey('P-521')),
  secp256k1: () => ofKey(otherKey('secp256k1')),
  brainpool: () => ofKey(otherKey('brainpoolP256r1')),
  Ed25519: () => ofKey(generateKeyPairSync('ed25519')),
  Ed448: () => ofKey(generateKeyPairSync('ed448')),
  'X25519, which cannot sign': () => requestOf({ spki: spkiOf(generateKeyPairSync('x25519').publicKey) }),
  'RSA of 512 bits': () => ofKey(generateKeyPairSync('rsa', { modulusLength: 512 })),
  'RSA of 2048 bits': () => ofKey(generateKeyPairSync('rsa', { modulusLength: 2_048 })),
  'RSA of 16384 bits': () => requestOf({ spki: rsaKey(randomBytes(2_048)) }),
  'RSA with a huge exponent': () => requestOf({ spki: rsaKey(randomBytes(256), randomBytes(256)) }),
  DSA: () => ofKey(generateKeyPairSync('dsa', { modulusLength: 1_024, divisorLength: 160 })),
  'a curve of its own': () =>
    requestOf({
      spki: spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey),
    }),
  'a point that is not on the curve': () =>
    requestOf({ spki: pointOnP256(Buffer.concat([Buffer.from([4]), zero(63), Buffer.from([1])])) }),
  'the point at infinity': () => requestOf({ spki: pointOnP256(Buffer.from([0])) }),
  'an unknown kind of key': () => requestOf({ spki: sequence(sequence(oid('2a0304')), der(0x03, [0], zero(32))) }),
  "somebody else's signature": () => requestOf({ key: otherKey('P-256').privateKey }),
  'a signature of zeros': () => sequence(sequence(zero(3)), ECDSA_SHA256, der(0x03, [0], zero(70))),
  'a megabyte of extension': () => requestOf({ attributes: [extensionRequest(extension('551d11', zero(1_000_000)))] }),
  'two kilobytes of extension': () => requestOf({ attributes: [extensionRequest(extension('551d11', zero(2_000)))] }),
  'a name of ten kilobytes': () => requestOf({ subject: name('x'.repeat(10_000)) }),
  'a thousand names': () => requestOf({ subject: sequence(...Array(1_000).fill(name('x'))) }),
  'deep nesting': () => requestOf({ attributes: [nest(400)] }),
  'bytes after it': () => Buffer.concat([requestOf(), zero(9)]),
  'nothing in it': () => Buffer.alloc(0),
  'a certificate in its place': () => Buffer.from(new X509Certificate(ca).raw),
}

/** What the provider may sign: it takes nothing of them but the key. */
const TAKEN: Record<string, () => Buffer> = {
  'nothing strange': () => requestOf(),
  'a line end and an option in its name': () => requestOf({ subject: name('x\nup /bin/sh\n') }),
  'a NUL in its name': () => requestOf({ subject: name('session-2\0.example') }),
  'a name in other letters': () => requestOf({ subject: name('another', 0x1e) }),
  'a slash and a second name in its name': () => requestOf({ subject: name('a/CN=session-2,O=Root') }),
  'no name': () => requestOf({ subject: sequence() }),
  'a wish to be an authority': () =>
    requestOf({ attributes: [extensionRequest(extension('551d13', sequence(der(0x01, [0xff]))))] }),
  'a wish for other names': () =>
    requestOf({
      attributes: [extensionRequest(extension('551d11', sequence(der(0x82, Buffer.from('evil.example\nup x')))))],
    }),
  'a wish to be a server': () =>
    requestOf({ attributes: [extensionRequest(extension('551d25', sequence(oid('2b06010505070301'))))] }),
  'an attribute that nobody knows': () => requestOf({ attributes: [sequence(oid('2a0304'), set(text('x')))] }),
  'its key in the short form': () =>
    requestOf({ spki: pointOnP256(Buffer.concat([Buffer.from([compressedSign()]), Buffer.from(x, 'base64url')])) }),
}

function compressedSign(): number {
  const { y = '' } = keys.publicKey.export({ format: 'jwk' })
  return 2 + ((Buffer.from(y, 'base64url').at(-1) ?? 0) & 1)
}

function nest(levels: number): Buffer {
  let inner = der(0x05)
  for (let level = 0; level < levels; level++) inner = der(0x30, inner)
  return inner
}

const dataDir = mkdtempSync(join(tmpdir(), 'hostile-requests-'))
afterAll(() => rmSync(dataDir, { recursive: true }))
/** A helper that says yes to everything. */
const privilege = new Proxy({} as Privilege, {
  get: (_, verb) => () => (verb === 'onEvent' ? () => undefined : Promise.resolve()),
})
const provider = await startOpenVpnProvider(
  { privilege, log, clock },
  { dataDir, publicAddress: '203.0.113.10', maxSessions: 3 },
)
const admit = async (sessionId: string, data: unknown) =>
  (await provider.admit(sessionId, `0x${'00'.repeat(20)}` as never, data as never)) as Record<string, unknown>
const good = { version: 1, certificateRequest: encodePem(requestOf(), 'CERTIFICATE REQUEST') }
const { ca } = (await admit('first', good)) as { ca: string }
await provider.end('first')

let number = 0

/** Refused for what it is, or a certificate with our own fields and the key of the request. */
async function judge(data: unknown): Promise<Verdict> {
  const sessionId = `session-${number++}`
  let answer: Record<string, unknown>
  try {
    answer = await admit(sessionId, data)
  } catch (error) {
    expect(error).toMatchObject({ name: 'Refused', reason: 'service-data-invalid' })
    return 'refused'
  }
  await provider.end(sessionId)
  const { certificateRequest } = data as { certificateRequest: string }
  const request = Buffer.from(certificateRequest.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')
  const issued = new x509.X509Certificate(String(answer.certificate))
  expect(issued.subject).toBe(`CN=${sessionId}`)
  expect(issued.issuer).toBe('CN=authority')
  expect(issued.serialNumber).toMatch(/^4[0-9a-f]{29}$/)
  expect(issued.notAfter.getTime()).toBeLessThanOrEqual(Date.now() + 86_400_000)
  // Basic constraints, key usage, extended key usage: our own, byte for byte.
  expect(issued.extensions.map(({ rawData }) => Buffer.from(rawData).toString('hex'))).toEqual([
    '300c0603551d130101ff04023000',
    '300e0603551d0f0101ff040403020780',
    '30160603551d250101ff040c300a06082b06010505070302',
  ])
  const certificate = new X509Certificate(String(answer.certificate))
  expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true)
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
  // Nothing else fits between: 64 bytes of key, 60 of names and dates, and the frames around them.
  expect(certificate.raw.length).toBeLessThan(420 + sessionId.length)
  expect(request.length).toBeLessThanOrEqual(1_024)
  return 'accepted'
}

const inPem = (bytes: Buffer) => ({ version: 1, certificateRequest: encodePem(bytes, 'CERTIFICATE REQUEST') })

describe("a consumer's certificate request", () => {
  it.each(Object.entries(REFUSED))('is refused with %s', async (_, request) => {
    expect(await judge(inPem(request()))).toBe('refused')
  })

  it.each(Object.entries(TAKEN))('gives its key alone when it has %s', async (_, request) => {
    expect(await judge(inPem(request()))).toBe('accepted')
  })

  it('gives no more when bytes of it are changed', async () => {
    const wholes = [...Object.values(TAKEN), ...Object.values(REFUSED)].map((request) => request())
    const small = wholes.filter((whole) => whole.length > 0 && whole.length <= 1_024)
    const cases = fc.oneof(...small.map((whole) => alteredBytes(whole))).map(inPem)
    const { refused } = await tryCases('certificate requests, changed bytes', 600 * TIMES, cases, judge)
    expect(refused).toBeGreaterThan(0)
  }, 600_000)

  it('gives no more when it is signed anew with what it likes in it', async () => {
    const anyBytes = fc.oneof(...Object.values(TAKEN).map((request) => alteredBytes(request().subarray(0, 300))))
    const pieces = fc.record({ name: fc.string({ unit: 'binary', maxLength: 60 }), tag: fc.nat(40), junk: anyBytes })
    const cases = pieces.map(({ name: value, tag, junk }) =>
      inPem(requestOf({ subject: name(value, tag), attributes: [extensionRequest(extension('551d11', junk))] })),
    )
    const { accepted } = await tryCases('certificate requests, signed anew', 300 * TIMES, cases, judge)
    expect(accepted).toBeGreaterThan(0)
  }, 600_000)

  it('is refused in any other form', async () => {
    await tryCases('session data of a consumer', 1_000 * TIMES, altered(good), judge)
  }, 600_000)

  it('is told from another by its key', async () => {
    const [mine, other] = [await admit('mine', good), await admit('other', inPem(ofKey(otherKey('P-256'))))]
    await Promise.all([provider.end('mine'), provider.end('other')])
    const digest = ({ certificate }: Record<string, unknown>) =>
      createHash('sha256')
        .update(spkiOf(new X509Certificate(String(certificate)).publicKey))
        .digest('hex')
    expect(digest(mine)).toBe(createHash('sha256').update(spkiOf(keys.publicKey)).digest('hex'))
    expect(digest(other)).not.toBe(digest(mine))
  })
})
