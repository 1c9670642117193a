import { verifyTypedData } from 'ethers'
import { describe, expect, it } from 'vitest'
import { decimalJson } from '#shared/model/session-export.ts'
import { type RecordContent, signedRecord } from '#shared/model/signed-record.ts'
import { createTypedData } from '../chain/typed-data.ts'
import { createTestIdentity } from '../testing/memory-registry.ts'
import { recordBetween } from '../testing/session-record.ts'
import { isRecordSignedBy, recordTypedData } from './session-record.ts'

const provider = createTestIdentity()
const consumer = createTestIdentity()
const content = recordBetween(provider.id, consumer.id)
const signature = provider.signTypedData(recordTypedData(content))

/** Another value of the same kind for every field there is. */
const ALTERED: { [Name in keyof RecordContent]: RecordContent[Name] } = {
  chainId: 1,
  paymentAccounts: `0x${'45'.repeat(20)}`,
  sessionId: 'ac'.repeat(16),
  provider: consumer.id,
  consumer: provider.id,
  serviceType: 'socks',
  offerSerial: 8,
  unit: 'hour',
  pricePerUnit: content.pricePerUnit + 1n,
  startedAtMs: 1_001,
  endedAtMs: 60_999,
  end: 'provider-closed',
  durationMs: 60_001,
  bytesUp: 6n,
  bytesDown: content.bytesDown - 1n,
  cost: content.cost - 1n,
  promiseSerial: content.promiseSerial + 1n,
  promiseAmount: content.promiseAmount - 1n,
}

describe('the signature under a session record', () => {
  it('is one of its signer, and of nobody else', () => {
    expect(isRecordSignedBy(content, signature, provider.id)).toBe(true)
    expect(isRecordSignedBy(content, signature, consumer.id)).toBe(false)
    const { domain, types, value } = recordTypedData(content)
    expect(verifyTypedData(domain, types, value, signature).toLowerCase()).toBe(provider.id)
  })

  it.each(Object.keys(ALTERED) as (keyof RecordContent)[])('is none under another %s', (name) => {
    expect(ALTERED[name]).not.toBe(content[name])
    expect(isRecordSignedBy({ ...content, [name]: ALTERED[name] }, signature, provider.id)).toBe(false)
  })

  it('has one form: its mirror image, and another notation of its last byte, are none', () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const [r, s, v] = [signature.slice(2, 66), BigInt(`0x${signature.slice(66, 130)}`), signature.slice(130)]
    const mirrored = `0x${r}${(order - s).toString(16).padStart(64, '0')}${v === '1b' ? '1c' : '1b'}`
    const { domain, types, value } = recordTypedData(content)
    // What a library that takes both would say.
    expect(() => verifyTypedData(domain, types, value, mirrored)).toThrow('non-canonical s')
    const other = `${signature.slice(0, 130)}${v === '1b' ? '00' : '01'}`
    for (const wrong of [mirrored, other, `${signature}00`, signature.slice(0, -2), '0x', `0x${'00'.repeat(65)}`]) {
      expect(isRecordSignedBy(content, wrong, provider.id)).toBe(false)
    }
  })

  it('is none under a promise, nor a promise’s under a record', () => {
    const contracts = {
      ...{ token: content.paymentAccounts, identityRegistry: content.paymentAccounts },
      ...{ serviceDirectory: content.paymentAccounts, paymentAccounts: content.paymentAccounts },
    }
    const promise = { issuer: consumer.id, serial: 1n, benefiter: provider.id, amount: 1n }
    const typed = createTypedData({ chainId: content.chainId, contracts }).promise(promise)
    expect(isRecordSignedBy(content, consumer.signTypedData(typed), consumer.id)).toBe(false)
    expect(recordTypedData(content).domain.name).not.toBe(typed.domain.name)
  })

  it('outlives being written down as JSON, and nothing can be put beside it', () => {
    const kept = JSON.parse(decimalJson({ content, providerSignature: signature }))
    expect(signedRecord.parse(kept)).toEqual({ content, providerSignature: signature })
    expect(signedRecord.safeParse({ ...kept, destination: 'example.org' }).success).toBe(false)
    expect(signedRecord.safeParse({ ...kept, content: { ...kept.content, address: '192.0.2.1' } }).success).toBe(false)
    for (const [name, value] of Object.entries({ cost: '01', bytesUp: '-1', chainId: 0, endedAtMs: 1.5, end: 'x' })) {
      expect(signedRecord.safeParse({ ...kept, content: { ...kept.content, [name]: value } }).success).toBe(false)
    }
  })
})
