import { describe, expect, it } from 'vitest'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import { exportSessions } from '#shared/model/session-export.ts'
import type { RecordContent, SignedRecord } from '#shared/model/signed-record.ts'
import { recordTypedData } from '../../node/lib/session-record.ts'
import { createTestIdentity } from '../../node/testing/memory-registry.ts'
import { recordBetween } from '../../node/testing/session-record.ts'
import type { Json } from './output.ts'
import { verify } from './sessions.ts'

const [provider, consumer, stranger] = [createTestIdentity(), createTestIdentity(), createTestIdentity()]
const content: RecordContent = { ...recordBetween(provider.id, consumer.id), promiseSerial: 9n }
const network = { chainId: 31_337, contracts: { paymentAccounts: `0x${'44'.repeat(20)}` } } as NetworkFile

function signed(change: Partial<RecordContent> = {}, by: 'both' | 'consumer' = 'both'): SignedRecord {
  const whole = { ...content, ...change }
  const typed = recordTypedData(whole)
  const consumerSignature = consumer.signTypedData(typed)
  return {
    content: whole,
    consumerSignature,
    ...(by === 'both' && { providerSignature: provider.signTypedData(typed) }),
  }
}
const session = (kept: SessionRecord['signed']): SessionRecord => ({
  ...{ sessionId: content.sessionId, role: 'consumer', peer: provider.id, serial: 7, serviceType: 'openvpn' },
  ...{ startedAtMs: 900, endedAtMs: 61_500, end: 'consumer-closed' },
  metering: { cost: content.cost, bytesUp: 5n, bytesDown: content.bytesDown, durationMs: 60_000 },
  ...(kept && { signed: kept }),
})

function run(text: string, of?: NetworkFile): { rows: { [key: string]: Json }[]; said: string } {
  let rows: { [key: string]: Json }[] = []
  const table = (all: typeof rows) => {
    rows = all
  }
  try {
    return {
      said: String(verify(text, of, { table, line: () => undefined, note() {}, failed: () => undefined })),
      rows,
    }
  } catch (error) {
    return { said: String(error), rows }
  }
}
const file = (kept: SessionRecord['signed']) => exportSessions([session(kept)], 0)

/** The exported file with one thing in it changed. */
function altered(kept: SessionRecord['signed'], path: string, value: unknown): string {
  const whole = JSON.parse(file(kept))
  const names = path.split('.')
  const last = String(names.pop())
  const holder = names.reduce((inner, name) => inner[name], whole.sessions[0])
  expect(holder[last]).not.toEqual(value)
  holder[last] = value
  return JSON.stringify(whole)
}

describe('verifying an export', () => {
  it('names who signed what, and asks nobody', () => {
    const until = signed({ end: 'running', endedAtMs: 50_000, bytesDown: 3n, cost: 1n })
    expect(run(file({ byBoth: signed() }), network)).toMatchObject({
      said: '0',
      rows: [
        {
          ...{ genuine: true, problem: null, sessionId: content.sessionId, costMyst: '1180.591620717411303424' },
          ...{ provider: provider.id, signedByProvider: true, consumer: consumer.id, signedByConsumer: true },
          ...{ startedAt: '1970-01-01T00:00:01.000Z', end: 'consumer-closed', priceMyst: '1 per GiB', chain: 31_337 },
        },
      ],
    })
    expect(run(file({ byBoth: until, alone: signed({}, 'consumer') }))).toMatchObject({
      said: '0',
      rows: [
        { genuine: true, signedByProvider: true, signedByConsumer: true, end: 'running' },
        { genuine: true, signedByProvider: false, signedByConsumer: true, end: 'consumer-closed' },
      ],
    })
  })

  it.each([
    ['cost', '1'],
    ['bytesUp', '6'],
    ['bytesDown', '0'],
    ['durationMs', 1],
    ['startedAtMs', 1_001],
    ['endedAtMs', 61_001],
    ['end', 'provider-closed'],
    ['unit', 'hour'],
    ['pricePerUnit', '1'],
    ['offerSerial', 8],
    ['serviceType', 'socks'],
    ['sessionId', 'ac'.repeat(16)],
    ['promiseSerial', '10'],
    ['promiseAmount', '1'],
    ['chainId', 1],
    ['paymentAccounts', `0x${'45'.repeat(20)}`],
    ['provider', stranger.id],
    ['consumer', stranger.id],
  ])('refuses a record with another %s', (name, value) => {
    const { said, rows } = run(altered({ byBoth: signed() }, `signed.byBoth.content.${name}`, value))
    expect(said).toMatch('1 of 1 records are not what was signed')
    expect(rows).toMatchObject([{ genuine: false, problem: expect.stringMatching(/did not sign this/) }])
  })

  it.each([
    ['metering.cost', '1', 'cost'],
    ['metering.bytesDown', '1', 'bytesDown'],
    ['metering.durationMs', 1, 'durationMs'],
    ['peer', stranger.id, 'provider'],
    ['role', 'provider', 'consumer'],
    ['sessionId', 'ac'.repeat(16), 'sessionId'],
    ['serial', 8, 'offerSerial'],
  ])('refuses another %s beside a record that is right', (path, value, name) => {
    const { said, rows } = run(altered({ byBoth: signed() }, path, value))
    expect(said).toMatch('RecordsAltered')
    expect(rows).toMatchObject([{ genuine: false, problem: expect.stringContaining(`another ${name}`) }])
  })

  it('refuses signatures of others, those left out, and records of another network', () => {
    const { content: whole, ...both } = signed()
    const foreign = stranger.signTypedData(recordTypedData(whole))
    const problem = (kept: SessionRecord['signed'], of?: NetworkFile) => run(file(kept), of).rows[0]?.problem
    expect(problem({ byBoth: { content: whole, ...both, providerSignature: foreign } })).toMatch('provider did not')
    expect(problem({ byBoth: { content: whole, ...both, consumerSignature: foreign } })).toMatch('consumer did not')
    expect(problem({ byBoth: signed({}, 'consumer') })).toMatch('not signed by both')
    expect(problem({ alone: { content: whole } })).toMatch('nobody signed')
    expect(problem({ byBoth: signed() }, { ...network, chainId: 1 })).toMatch('another network')
  })

  it.each([
    ['', /not JSON/],
    ['{}', /format/],
    [file(undefined), /nothing to verify/],
    [altered({ byBoth: signed() }, 'signed.byBoth.content.cost', '-1'), /content\.cost/],
    [altered({ byBoth: signed() }, 'signed.byBoth.destination', 'example.org'), /destination/],
    [altered({ byBoth: signed() }, 'signed', []), /signed/],
  ])('refuses what is no export, or holds nothing: %#', (text, sentence) => {
    expect(run(text).said).toMatch(sentence)
  })
})
