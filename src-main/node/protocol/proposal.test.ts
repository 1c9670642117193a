import { getBytes, solidityPackedKeccak256 } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Proposal } from '#shared/model/proposal.ts'

import { createSigningIdentity } from '../testing/signing-identity.ts'
import { MAX_PROPOSAL_BYTES, qualitativeTerms, readProposal, signProposal } from './proposal.ts'

const alice = createSigningIdentity('alice')
const mallory = createSigningIdentity('mallory')
const domain = { chainId: 31_337n, serviceDirectory: `0x${'11'.repeat(20)}` }

const terms: Omit<Proposal, 'formatVersion'> = {
  provider: alice.id,
  serial: 7,
  serviceType: 'openvpn',
  serviceLocation: { country: 'LT', asn: 13_194 },
  originLocation: { country: 'LT' },
  bandwidthMbps: 20,
  unit: 'GiB',
  pricePerUnit: 150_000_000_000_000_000n,
  contacts: [{ channel: 'mqtt', address: 'mqtt://broker.example:1883' }],
}

const invalid = expect.objectContaining({ name: 'InvalidProposal' })

/** Bytes as an attacker would make them: any body, signed by whomever, in whichever form. */
function forge(body: string | Uint8Array, signature: Uint8Array = new Uint8Array(65), version = 1): Uint8Array {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return Uint8Array.of(version, ...signature, ...bytes)
}

function bodyOf(bytes: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes.subarray(66)))
}

const location = fc
  .record({
    country: fc.constantFrom('LT', 'DE', 'US', 'ZW'),
    asn: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  })
  .map(({ country, asn }) => (asn === null ? { country } : { country, asn }))
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((n) => String.fromCharCode(n)),
  minLength: 1,
  maxLength: 120,
})
const anyTerms: fc.Arbitrary<Omit<Proposal, 'formatVersion'>> = fc.record({
  provider: fc.constant(alice.id),
  serial: fc.nat(),
  serviceType: fc.constantFrom('openvpn', 'socks'),
  serviceLocation: location,
  originLocation: location,
  bandwidthMbps: fc.integer({ min: 1, max: 100_000 }),
  unit: fc.constantFrom('GiB', 'hour'),
  pricePerUnit: fc.bigInt({ min: 0n, max: 2n ** 128n }),
  contacts: fc.array(fc.record({ channel: fc.constantFrom('mqtt', 'direct', 'x-9'), address: visible }), {
    minLength: 1,
    maxLength: 8,
  }),
})

describe('a proposal', () => {
  it('reads back as it was signed, whatever the terms', () => {
    fc.assert(
      fc.property(anyTerms, fc.nat(), (any, issuedAtBlock) => {
        const signed = signProposal(any, issuedAtBlock, alice, domain)
        expect(signed.bytes.length).toBeLessThanOrEqual(MAX_PROPOSAL_BYTES)
        const read = readProposal(signed.bytes, domain)
        expect(read.proposal).toEqual({ ...any, formatVersion: 1 })
        expect(read.issuedAtBlock).toBe(issuedAtBlock)
        expect(read.bytes).toEqual(signed.bytes)
      }),
      { numRuns: 40 },
    )
  })

  it('is refused when any single bit of it changes', () => {
    const { bytes } = signProposal(terms, 100, alice, domain)
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = bytes.slice()
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(() => readProposal(changed, domain)).toThrow(invalid)
      }),
      { numRuns: 150 },
    )
  })

  it('is refused, never crashed on, when it is any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), (noise, versioned) => {
        const bytes = versioned ? Uint8Array.of(1, ...noise) : noise
        expect(() => readProposal(bytes, domain)).toThrow(invalid)
      }),
    )
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(() => readProposal(forge(json), domain)).toThrow(invalid)
      }),
    )
  })

  it('names its signer: nobody signs for another', () => {
    expect(() => signProposal(terms, 100, mallory, domain)).toThrow(
      expect.objectContaining({ name: 'IdentityMismatch' }),
    )
    const own = signProposal({ ...terms, provider: mallory.id }, 100, mallory, domain)
    const body = JSON.stringify({ ...bodyOf(own.bytes), provider: alice.id })
    expect(() => readProposal(forge(body, own.bytes.subarray(1, 66)), domain)).toThrow('not signed by the provider')
  })

  it('is worth nothing on another chain or with another directory', () => {
    const { bytes } = signProposal(terms, 100, alice, domain)
    expect(() => readProposal(bytes, { ...domain, chainId: 1n })).toThrow(invalid)
    expect(() => readProposal(bytes, { ...domain, serviceDirectory: `0x${'12'.repeat(20)}` })).toThrow(invalid)
  })

  it('has one signature only: the mirrored one is refused', () => {
    const { bytes } = signProposal(terms, 100, alice, domain)
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = BigInt(`0x${Buffer.from(bytes.subarray(33, 65)).toString('hex')}`)
    const mirrored = bytes.slice()
    mirrored.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 33)
    mirrored[65] = bytes[65] === 27 ? 28 : 27
    expect(() => readProposal(mirrored, domain)).toThrow(invalid)
  })

  it('is verified over its bytes, in whatever order and spacing they came, and unknown fields are let be', () => {
    const fields = { note: 'of a later version', ...bodyOf(signProposal(terms, 9, alice, domain).bytes) }
    const body = new TextEncoder().encode(
      ` ${JSON.stringify(Object.fromEntries(Object.entries(fields).reverse()), null, 1)}`,
    )
    // The digest once more, from the description in the header of proposal.ts.
    const digest = solidityPackedKeccak256(
      ['string', 'uint8', 'uint256', 'address', 'bytes'],
      ['\x19Mysterium service proposal\n', 1, domain.chainId, domain.serviceDirectory, body],
    )
    const bytes = forge(body, alice.signDigest(getBytes(digest)))
    expect(readProposal(bytes, domain)).toEqual({ proposal: { ...terms, formatVersion: 1 }, issuedAtBlock: 9, bytes })
    expect(() => readProposal(forge(body.subarray(1), bytes.subarray(1, 66)), domain)).toThrow('not signed')
  })

  it.each([
    ['a country that is none', { serviceLocation: { country: 'XX' } }],
    ['a country in small letters', { originLocation: { country: 'lt' } }],
    ['a country of three letters', { originLocation: { country: 'LTU' } }],
    ['an AS number beyond 32 bits', { serviceLocation: { country: 'LT', asn: 2 ** 32 } }],
    ['no contact', { contacts: [] }],
    ['nine contacts', { contacts: Array.from({ length: 9 }, () => ({ channel: 'mqtt', address: 'a' })) }],
    ['a contact with a line break', { contacts: [{ channel: 'mqtt', address: 'a\nb' }] }],
    ['a contact that turns text around', { contacts: [{ channel: 'mqtt', address: 'a\u202eb' }] }],
    ['a contact without end', { contacts: [{ channel: 'mqtt', address: 'a'.repeat(401) }] }],
    ['a negative price', { pricePerUnit: -1n }],
    ['a price beyond all MYST', { pricePerUnit: 2n ** 128n + 1n }],
    ['no bandwidth', { bandwidthMbps: 0 }],
    ['a bandwidth that is no number', { bandwidthMbps: Number.NaN }],
    ['a broken serial', { serial: 1.5 }],
    ['a negative serial', { serial: -1 }],
  ])('is refused before it is signed with %s', (_what, change) => {
    expect(() => signProposal({ ...terms, ...change }, 100, alice, domain)).toThrow(invalid)
  })

  it('is refused when it is larger than the limit, before anything else is looked at', () => {
    const contacts = Array.from({ length: 8 }, () => ({ channel: 'mqtt', address: 'a'.repeat(400) }))
    expect(signProposal({ ...terms, contacts }, 100, alice, domain).bytes.length).toBeLessThanOrEqual(
      MAX_PROPOSAL_BYTES,
    )
    expect(() => readProposal(forge('{'.repeat(MAX_PROPOSAL_BYTES - 65)), domain)).toThrow('has 4097 bytes')
    expect(() => readProposal(forge(''), domain)).toThrow(invalid)
  })

  it('never repeats a stranger’s text in an error', () => {
    const body = JSON.stringify({ ...bodyOf(signProposal(terms, 1, alice, domain).bytes), serviceType: '<script>' })
    expect(() => readProposal(forge(body), domain)).toThrow('The proposal carries an invalid serviceType.')
  })

  it('keeps its serial for contacts and not for terms', () => {
    const moved = { ...terms, contacts: [{ channel: 'direct', address: '192.0.2.1:9' }], serial: 8 }
    expect(qualitativeTerms(moved)).toBe(qualitativeTerms(terms))
    for (const change of [
      { pricePerUnit: terms.pricePerUnit + 1n },
      { unit: 'hour' as const },
      { bandwidthMbps: 21 },
      { serviceType: 'socks' as const },
      { originLocation: { country: 'DE' } },
      { serviceLocation: { country: 'LT' } },
    ]) {
      expect(qualitativeTerms({ ...terms, ...change })).not.toBe(qualitativeTerms(terms))
    }
  })

  it('has not changed on the wire (reference vector)', () => {
    const { bytes } = signProposal(terms, 100, alice, domain)
    expect(alice.id).toMatchInlineSnapshot(`"0x56a3cd2b5cc9ead24b75693419cad9daede6ce4e"`)
    expect(new TextDecoder().decode(bytes.subarray(66))).toMatchInlineSnapshot(
      `"{"provider":"0x56a3cd2b5cc9ead24b75693419cad9daede6ce4e","serial":7,"issuedAtBlock":100,"serviceType":"openvpn","serviceLocation":{"country":"LT","asn":13194},"originLocation":{"country":"LT"},"bandwidthMbps":20,"unit":"GiB","pricePerUnit":"150000000000000000","contacts":[{"channel":"mqtt","address":"mqtt://broker.example:1883"}]}"`,
    )
    expect(Buffer.from(bytes.subarray(0, 66)).toString('hex')).toMatchInlineSnapshot(
      `"01b0a3eba68c3dd8c5683a7988d24d8fc7bf83f1b99bae6c7001360c1efbb75cab132b1e4612fc40f11cef580df10ef5d7d462a78cfae3984c285e2db6b9b6276a1c"`,
    )
  })
})
