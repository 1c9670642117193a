import { concat, getBytes, hexlify, keccak256, recoverAddress, toBeHex, toUtf8Bytes } from 'ethers'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import { isCountryCode } from '#shared/model/country-codes.ts'
import { identityId } from '#shared/model/identity.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'

/*
 * A service proposal as it is announced (whitepaper 6.4.2), version 1:
 *
 *   version 1 byte (0x01) ‖ signature 65 bytes (r ‖ s ‖ v, low s, v 27 or 28) ‖ body, UTF-8 JSON
 *
 * The signature is over keccak256(PREFIX ‖ version ‖ chain id, 32 bytes big endian ‖ address of the
 * service directory, 20 bytes ‖ body). It is verified over the body exactly as it came; JSON is written
 * in one fixed order but read in any. Chain and directory are in it so that an offer made on a test
 * network is worth nothing on another one.
 *
 * `issuedAtBlock` is the newest block the provider knew when it signed. Anyone may pay to announce
 * anyone's bytes again: without it an old offer, or an old address, could be brought back to life at
 * will. A reader takes an announcement only within FRESH_BLOCKS of it, and of one serial the latest
 * issued. A reference vector is in proposal.test.ts.
 */
export const PROPOSAL_VERSION = 1

/** Several contacts of IPv6 and broker addresses fit in a quarter of it; a block's gas stays affordable. */
export const MAX_PROPOSAL_BYTES = 4096

/** Whitepaper 6.4.1: about ten days on Ethereum; a provider announces again before. */
export const PROPOSAL_LIFETIME_BLOCKS = 60_000

/** A transaction that was not mined for so long is signed anew. */
export const FRESH_BLOCKS = 1_000

const PREFIX = toUtf8Bytes('\x19Mysterium service proposal\n')
const HEADER_BYTES = 1 + 65
/** Above this half of the group order a signature is the mirror image of another one. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** What a signed proposal is bound to. */
export type ProposalDomain = { chainId: bigint; serviceDirectory: string }

/** A proposal whose signature holds, with the bytes that prove it. */
export type SignedProposal = { proposal: Proposal; issuedAtBlock: number; bytes: Uint8Array }

const location = z.object({
  country: z.string().refine(isCountryCode, 'is not an ISO 3166 alpha-2 country code'),
  asn: z
    .number()
    .int()
    .min(1)
    .max(2 ** 32 - 1)
    .optional(),
})

/** Visible ASCII only: these texts are shown and logged. */
const contact = z.object({
  channel: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  address: z.string().regex(/^[\x21-\x7e]{1,400}$/),
})

const body = z.object({
  provider: identityId,
  serial: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  issuedAtBlock: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  serviceType: z.enum(['openvpn', 'socks']),
  serviceLocation: location,
  originLocation: location,
  bandwidthMbps: z.number().min(0.1).max(100_000),
  unit: z.enum(['GiB', 'hour']),
  // At most 2^128, which has 39 digits: no MYST amount comes near.
  pricePerUnit: z
    .string()
    .regex(/^(0|[1-9]\d{0,38})$/)
    .transform(BigInt)
    .refine((price) => price <= 2n ** 128n),
  contacts: z.array(contact).min(1).max(8),
})

/**
 * Signs a proposal for announcement. Throws `InvalidProposal` for terms a reader would not accept, and
 * `IdentityMismatch` when another identity than the proposal's provider is asked to sign.
 */
export function signProposal(
  proposal: Omit<Proposal, 'formatVersion'>,
  issuedAtBlock: number,
  signer: UnlockedIdentity,
  domain: ProposalDomain,
): SignedProposal {
  if (proposal.provider !== signer.id) {
    throw new MystError('IdentityMismatch', 'A proposal is signed by the provider it names, and by nobody else.')
  }
  const bodyBytes = toUtf8Bytes(JSON.stringify(canonical(proposal, issuedAtBlock)))
  const signature = signer.signDigest(digest(bodyBytes, domain))
  const bytes = getBytes(concat([Uint8Array.of(PROPOSAL_VERSION), signature, bodyBytes]))
  return readProposal(bytes, domain)
}

/** Parses and verifies announced bytes, which may be anyone's. Throws `InvalidProposal`. */
export function readProposal(bytes: Uint8Array, domain: ProposalDomain): SignedProposal {
  if (bytes.length <= HEADER_BYTES || bytes.length > MAX_PROPOSAL_BYTES) {
    throw invalid(`has ${bytes.length} bytes, outside of ${HEADER_BYTES + 1} to ${MAX_PROPOSAL_BYTES}`)
  }
  if (bytes[0] !== PROPOSAL_VERSION) throw invalid(`has format version ${bytes[0]}, which is not known here`)
  const signed = readVerifiedProposal(bytes)
  const bodyBytes = bytes.subarray(HEADER_BYTES)
  if (recover(bytes.subarray(1, HEADER_BYTES), digest(bodyBytes, domain)) !== signed.proposal.provider) {
    throw invalid('is not signed by the provider it names')
  }
  return signed
}

/** Parses bytes that `readProposal` verified before they were stored. */
export function readVerifiedProposal(bytes: Uint8Array): SignedProposal {
  const { issuedAtBlock, ...terms } = parseBody(bytes.subarray(HEADER_BYTES))
  return {
    proposal: {
      ...terms,
      formatVersion: PROPOSAL_VERSION,
      serviceLocation: withoutUndefined(terms.serviceLocation),
      originLocation: withoutUndefined(terms.originLocation),
    },
    issuedAtBlock,
    bytes,
  }
}

/** The terms that make a serial: when one of them changes, the serial does (whitepaper 6.4.2). */
export function qualitativeTerms(proposal: Omit<Proposal, 'formatVersion'>): string {
  const { serial: _serial, issuedAtBlock: _issued, contacts: _contacts, ...terms } = canonical(proposal, 0)
  return JSON.stringify(terms)
}

function canonical(proposal: Omit<Proposal, 'formatVersion'>, issuedAtBlock: number) {
  const place = ({ country, asn }: Proposal['serviceLocation']) => (asn === undefined ? { country } : { country, asn })
  return {
    provider: proposal.provider,
    serial: proposal.serial,
    issuedAtBlock,
    serviceType: proposal.serviceType,
    serviceLocation: place(proposal.serviceLocation),
    originLocation: place(proposal.originLocation),
    bandwidthMbps: proposal.bandwidthMbps,
    unit: proposal.unit,
    pricePerUnit: proposal.pricePerUnit.toString(),
    contacts: proposal.contacts.map(({ channel, address }) => ({ channel, address })),
  }
}

function digest(bodyBytes: Uint8Array, domain: ProposalDomain): Uint8Array {
  const parts = [PREFIX, Uint8Array.of(PROPOSAL_VERSION), toBeHex(domain.chainId, 32), domain.serviceDirectory]
  return getBytes(keccak256(concat([...parts, bodyBytes])))
}

function parseBody(bytes: Uint8Array): z.output<typeof body> {
  let data: unknown
  try {
    data = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid('is not JSON in UTF-8')
  }
  const result = body.safeParse(data)
  if (result.success) return result.data
  const path = result.error.issues[0]?.path.join('.') ?? ''
  throw invalid(path ? `carries an invalid ${path}` : 'is not an object')
}

function recover(signature: Uint8Array, hash: Uint8Array): string | undefined {
  const s = BigInt(hexlify(signature.subarray(32, 64)))
  const v = signature[64]
  if (s > HALF_ORDER || (v !== 27 && v !== 28)) return undefined
  try {
    return recoverAddress(hash, hexlify(signature)).toLowerCase()
  } catch {
    return undefined
  }
}

function withoutUndefined(place: { country: string; asn?: number | undefined }): Proposal['serviceLocation'] {
  return place.asn === undefined ? { country: place.country } : { country: place.country, asn: place.asn }
}

/** Never repeats a stranger's text: only our own words and names of fields. */
function invalid(what: string): MystError {
  return new MystError('InvalidProposal', `The proposal ${what}.`)
}
