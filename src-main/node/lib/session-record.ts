import { TypedDataEncoder } from 'ethers'
import type { IdentityId } from '#shared/model/identity.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'
import type { TypedData } from '../ports/identity.ts'
import { recoverIdentity } from './secp256k1.ts'

const TYPES: Record<keyof Omit<RecordContent, 'chainId' | 'paymentAccounts'>, string> = {
  sessionId: 'bytes16',
  provider: 'address',
  consumer: 'address',
  serviceType: 'string',
  offerSerial: 'uint64',
  unit: 'string',
  pricePerUnit: 'uint256',
  startedAtMs: 'uint64',
  endedAtMs: 'uint64',
  end: 'string',
  durationMs: 'uint64',
  bytesUp: 'uint256',
  bytesDown: 'uint256',
  cost: 'uint256',
  promiseSerial: 'uint256',
  promiseAmount: 'uint256',
}

/**
 * What both sides of a session sign. No contract takes it; its domain names the one that the promises are for, so that
 * a record of one chain or deployment is none of another, and no signature under a promise.
 */
export function recordTypedData({ chainId, paymentAccounts, ...content }: RecordContent): TypedData {
  return {
    domain: { name: 'Mysterium Session', version: '1', chainId, verifyingContract: paymentAccounts },
    types: { SessionRecord: Object.entries(TYPES).map(([name, type]) => ({ name, type })) },
    value: { ...content, sessionId: `0x${content.sessionId}` },
  }
}

/** Whether it is this identity's signature under exactly this, in its one form (low s, v 27 or 28). */
export function isRecordSignedBy(content: RecordContent, signature: string, signer: IdentityId): boolean {
  const { domain, types, value } = recordTypedData(content)
  const digest = TypedDataEncoder.hash(domain, types, value)
  const bytes = Buffer.from(signature.slice(2), 'hex')
  return recoverIdentity(bytes, Buffer.from(digest.slice(2), 'hex')) === signer
}
