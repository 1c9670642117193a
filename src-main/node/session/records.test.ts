import { afterEach, describe, expect, it } from 'vitest'
import { howSigned } from '#shared/model/session.ts'
import type { RecordContent, SignedRecord } from '#shared/model/signed-record.ts'
import { GIB, MYST } from '#shared/model/units.ts'

import { isRecordSignedBy, recordTypedData } from '../lib/session-record.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import { createSessionPair, type SessionPairOptions } from '../testing/session-pair.ts'

const MIB = 2n ** 20n
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options: SessionPairOptions = {}) {
  const t = await createSessionPair({ plain: true, ...options })
  cleanups.push(t.stop)
  type Said = (type: string, body: never) => unknown
  const as: Record<'consumer' | 'provider', Said> = { consumer: (_, body) => body, provider: (_, body) => body }
  /** What a side says passes through `as`, and what becomes undefined there is not said. */
  const wire = (dialogue: Dialogue, side: keyof typeof as) => {
    const { send } = dialogue
    const said = async (type: string, body: unknown) => {
      const instead = as[side](type, body as never)
      if (instead !== undefined) await send(type, instead)
    }
    Object.assign(dialogue, { send: said })
    return dialogue
  }
  t.pair.b.onIncoming((dialogue) => wire(dialogue, 'provider'))
  const { open } = t.pair.a
  t.pair.a.open = async (...request) => wire(await open(...request), 'consumer')
  return {
    ...{ ...t, as },
    async connect() {
      t.connection.connect([t.proposal])
      await t.until('connected')
    },
    /** From now on the provider sends this with a metering instead of the record that belongs to it. */
    spoil(change: ((record: Wire) => unknown) | undefined) {
      as.provider = (type, body: { record: Wire }) =>
        type === 'session-metering' && change ? { ...body, record: change(body.record) } : body
    },
    /** From now on the provider gives every session this name. */
    rename(sessionId: string) {
      const { open: opened } = t.pair.a
      t.pair.a.open = async (...request) => {
        const dialogue = await opened(...request)
        const { request: ask } = dialogue
        const asked: Dialogue['request'] = async (...question) => {
          const reply = await ask(...question)
          return reply.type === 'session-accept' ? { ...reply, body: { ...(reply.body as object), sessionId } } : reply
        }
        return Object.assign(dialogue, { request: asked })
      }
    },
    bought: () => only(t.consumer.repository.list(1)),
    sold: () => only(t.provider.repository.list(1)),
  }
}
type World = Awaited<ReturnType<typeof start>>
/** A record as it travels. */
type Wire = Record<string, unknown>

/** What the provider signed last. */
function lastOf(t: World): RecordContent {
  const { alone, byBoth } = t.sold().signed ?? {}
  const last = alone ?? byBoth
  if (!last) throw new Error('the provider has signed nothing')
  return last.content
}

/** The record that is about to be sent, changed, with a signature that is right under what it is then. */
function signedAs(t: World, record: Wire, change: Partial<RecordContent>, by = t.pair.identities.b): Wire {
  const signature = by.signTypedData(recordTypedData({ ...lastOf(t), ...change }))
  const visible = Object.entries(change).filter(([name]) => name in record)
  const texts = visible.map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value])
  return { ...record, ...Object.fromEntries(texts), signature }
}

function mirrored(signature: unknown): string {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const [, r, s, v] = /^0x(.{64})(.{64})(..)$/.exec(String(signature)) ?? []
  return `0x${r}${(order - BigInt(`0x${s}`)).toString(16).padStart(64, '0')}${v === '1b' ? '1c' : '1b'}`
}

function only<T>([one]: T[]): T {
  if (one === undefined) throw new Error('there is no session')
  return one
}

function expectSignatures({ content, providerSignature, consumerSignature }: SignedRecord, by: 'both' | 'provider') {
  expect(isRecordSignedBy(content, String(providerSignature), content.provider)).toBe(true)
  if (by === 'both') expect(isRecordSignedBy(content, String(consumerSignature), content.consumer)).toBe(true)
  else expect(consumerSignature).toBeUndefined()
}

/** Both ended by themselves and soon: neither waits for a signature. */
async function expectPrompt(t: World, end: Promise<unknown>, withinMs = 5_500) {
  const fromMs = t.clock.now()
  await t.settle(end)
  expect(t.clock.now() - fromMs).toBeLessThanOrEqual(withinMs)
}

describe('the record of a session', () => {
  it('is the same on both sides, with both signatures, and says what was agreed', async () => {
    const t = await start()
    const startedAtMs = t.clock.now()
    await t.connect()
    await t.flow(60, { up: MIB / 4n, down: MIB })
    await t.settle(t.connection.disconnect())
    const { signed } = t.bought()
    expect(signed).toEqual(t.sold().signed)
    expect([howSigned(t.bought()), howSigned(t.sold())]).toEqual(['both', 'both'])
    if (!signed?.byBoth) throw new Error('it is not signed')
    expectSignatures(signed.byBoth, 'both')
    const held = t.provider.ledger.lastReceived(t.pair.identities.a.id)
    expect(signed.byBoth.content).toEqual({
      ...{ chainId: 31_337, paymentAccounts: `0x${'44'.repeat(20)}`, sessionId: t.bought().sessionId },
      ...{ provider: t.proposal.provider, consumer: t.pair.identities.a.id, serviceType: 'socks', offerSerial: 7 },
      ...{ unit: 'GiB', pricePerUnit: MYST, cost: (75n * MIB * MYST) / GIB },
      ...{ bytesUp: 15n * MIB, bytesDown: 60n * MIB, durationMs: t.bought().metering.durationMs },
      ...{ startedAtMs: expect.any(Number), endedAtMs: expect.any(Number), end: 'consumer-closed' },
      ...{ promiseSerial: held?.serial, promiseAmount: held?.amount },
    })
    const { content } = signed.byBoth
    expect(content.startedAtMs).toBeGreaterThanOrEqual(startedAtMs)
    expect(content.endedAtMs - content.startedAtMs).toBeGreaterThanOrEqual(60_000)
  })

  it('is signed through clearing, time, a free trial, no price and several sessions in turn', async () => {
    for (const options of [
      { unit: 'hour', price: 36n * MYST, maxAtRisk: 2n * MYST } as const,
      { policy: { freeTrial: MYST } },
      { price: 0n },
      {},
    ]) {
      const t = await start(options)
      for (let round = 0; round < 3; round++) {
        await t.connect()
        await t.flow(15, { down: MIB })
        if (round === 1) await t.settle(t.provider.payments.clear())
        await t.flow(5, { down: MIB })
        await t.settle(t.connection.disconnect())
        await t.settle(t.consumer.payments.reconcile())
        expect([howSigned(t.bought()), howSigned(t.sold())]).toEqual(['both', 'both'])
      }
    }
  })

  it('is signed by both when the provider stops, which waits for it', async () => {
    const t = await start()
    await t.connect()
    await t.flow(5, { down: MIB })
    let revisions = 0
    t.sessions.onSigned(() => revisions++)
    await t.settle(t.sessions.stop())
    expect(t.sold()).toMatchObject({
      end: 'provider-closed',
      signed: { byBoth: { content: { end: 'provider-closed' } } },
    })
    expect(howSigned(t.sold())).toBe('both')
    expect(revisions).toBe(1)
    await t.flow(1, {})
    expect(t.bought().signed).toEqual(t.sold().signed)
  })

  it('is there for what was agreed on last when the other side is gone without a word', async () => {
    const t = await start()
    await t.connect()
    await t.flow(25, { down: MIB })
    t.pair.network.set({ loss: 1 })
    await t.flow(70, { down: 1n })
    for (const side of [t.bought(), t.sold()]) {
      expect(side.end).toBe('dialogue-ended')
      expect(howSigned(side)).toBe('both-until')
      expect(side.signed).toMatchObject({
        byBoth: { content: { end: 'running' } },
        alone: { content: { end: 'dialogue-ended' } },
      })
      if (side.signed?.byBoth) expectSignatures(side.signed.byBoth, 'both')
    }
    expect(t.bought().signed?.byBoth).toEqual(t.sold().signed?.byBoth)
    expect(t.bought().signed?.byBoth?.content.bytesDown).toBeGreaterThan(10n * MIB)
    expect(t.bought().signed?.alone?.providerSignature).toBeUndefined()
    expect(t.sold().signed?.alone?.consumerSignature).toBeUndefined()
  })

  it('is on disk before its signature is sent, on both sides', async () => {
    const t = await start()
    const log: string[] = []
    for (const side of ['consumer', 'provider'] as const) {
      const { repository } = t[side]
      const { keepSigned } = repository
      repository.keepSigned = (record) => {
        keepSigned(record)
        log.push(`${side} keeps ${record.content.end}`)
      }
      t.as[side] = (type, body: { record?: Wire }) => {
        if (/metering|record/.test(type)) log.push(`${side} sends ${body.record?.end ?? 'a signature'}`)
        return body
      }
    }
    await t.connect()
    await t.settle(t.connection.disconnect())
    expect(log.slice(-5)).toEqual([
      'provider keeps consumer-closed',
      'provider sends consumer-closed',
      'consumer keeps consumer-closed',
      'consumer sends a signature',
      'provider keeps consumer-closed',
    ])
  })
})

describe('a consumer does not sign, and ends as soon as ever, when the provider', () => {
  const SPOILT: Record<string, (t: World, record: Wire) => unknown> = {
    'says nothing of a record': () => undefined,
    'sends nonsense': () => ({ signature: '\u001b[2J', end: '__proto__' }),
    'sends what is no object': () => 'x'.repeat(10_000),
    'has signed something else': (_, record) => ({ ...record, endedAtMs: Number(record.endedAtMs) + 1 }),
    'sends the mirror image of its signature': (_, record) => ({ ...record, signature: mirrored(record.signature) }),
    'lets somebody else sign': (t, record) => signedAs(t, record, {}, t.pair.identities.a),
    'names another network': (t, record) => signedAs(t, record, { chainId: 1 }),
    'names other contracts': (t, record) => signedAs(t, record, { paymentAccounts: `0x${'45'.repeat(20)}` }),
    'names another session': (t, record) => signedAs(t, record, { sessionId: 'ab'.repeat(16) }),
    'names another price': (t, record) => signedAs(t, record, { pricePerUnit: 2n * MYST }),
    'claims a larger promise': (t, record) => signedAs(t, record, { promiseAmount: 10n ** 30n }),
    'hides a promise': (t, record) => signedAs(t, record, { promiseSerial: 0n, promiseAmount: 0n }),
    'names a smaller promise': (t, record) => signedAs(t, record, { promiseAmount: 1n }),
    'dates it back': (t, record) => signedAs(t, record, { startedAtMs: 1_000, endedAtMs: 2_000 }),
    'dates it ahead': (t, record) => signedAs(t, record, { endedAtMs: Number(record.endedAtMs) + 200_000 }),
    'lets it end before it began': (t, record) =>
      signedAs(t, record, { endedAtMs: Number(record.startedAtMs) - 1, startedAtMs: Number(record.startedAtMs) }),
    'says that the consumer is to blame': (t, record) => signedAs(t, record, { end: 'not-verified' }),
  }

  it.each(Object.entries(SPOILT))('%s', async (_, change) => {
    const t = await start()
    await t.connect()
    t.spoil((record) => change(t, record))
    await t.flow(15, { down: MIB })
    await expectPrompt(t, t.connection.disconnect())
    expect(t.connection.state).toMatchObject({ name: 'disconnected', last: { end: 'consumer-closed' } })
    for (const side of [t.bought(), t.sold()]) {
      expect(side.signed?.byBoth).toBeUndefined()
      expect(howSigned(side)).toBe('alone')
    }
    const own = t.bought().signed?.alone
    expect(own?.content).toMatchObject({ end: 'consumer-closed', cost: t.bought().metering.cost })
    expect(isRecordSignedBy(own?.content as never, String(own?.consumerSignature), t.pair.identities.a.id)).toBe(true)
  })

  it('does none of that: signed anew as it was, it is signed by both', async () => {
    const t = await start()
    await t.connect()
    t.spoil((record) => signedAs(t, record, { endedAtMs: Number(record.endedAtMs) + 100_000 }))
    await t.flow(15, { down: MIB })
    await t.settle(t.connection.disconnect())
    expect(howSigned(t.bought())).toBe('both')
  })

  it('says that she ended what she did not end', async () => {
    const t = await start()
    await t.connect()
    t.spoil((record) => signedAs(t, record, { end: 'consumer-closed' }))
    await t.flow(15, { down: MIB })
    expect(t.bought().signed).toBeUndefined()
    t.spoil(undefined)
    await t.flow(11, { down: MIB })
    expect(howSigned(t.bought())).toBe('both-until')
  })

  it('metered too much: she signs her own figures alone', async () => {
    const t = await start()
    await t.connect()
    t.service.inflate(150n)
    for (let round = 0; round < 10 && t.connection.state.name === 'connected'; round++) {
      await t.flow(10, { up: MIB, down: 4n * MIB })
    }
    await t.until('disconnected')
    const { signed, metering } = t.bought()
    expect(signed?.alone?.content).toMatchObject({ end: 'metering-disputed', bytesDown: metering.bytesDown })
    expect(t.sold().signed?.alone?.content.bytesDown).toBeGreaterThan(metering.bytesDown)
  })

  it('plays an old record again: the newer one stays', async () => {
    const t = await start()
    await t.connect()
    const seen: Wire[] = []
    t.spoil((record) => {
      seen.push(record)
      return record
    })
    await t.flow(15, { down: MIB })
    const agreed = t.bought().signed?.byBoth
    expect(agreed?.content.end).toBe('running')
    t.spoil(() => seen[0])
    await t.flow(15, { down: MIB })
    expect(t.bought().signed?.byBoth).toEqual(agreed)
    await t.settle(t.connection.disconnect())
    expect(howSigned(t.bought())).toBe('both-until')
  })

  it('gives a later session the name of an earlier one: the record of that one stays', async () => {
    const t = await start()
    await t.connect()
    await t.flow(5, { down: MIB })
    await t.settle(t.connection.disconnect())
    const before = t.bought()
    expect(howSigned(before)).toBe('both')
    t.rename(before.sessionId)
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({ last: { step: 'open-session' } })
    expect(t.consumer.repository.list(9)).toEqual([before])
  })

  it('goes on metering after the end was signed: what came later is hers alone', async () => {
    const t = await start()
    await t.connect()
    t.spoil((record) => signedAs(t, record, { end: 'provider-closed' }))
    await t.flow(12, { down: MIB })
    const first = t.bought().signed?.byBoth
    expect(first?.content.end).toBe('provider-closed')
    await t.flow(20, { down: MIB })
    await t.settle(t.connection.disconnect())
    expect(t.bought().signed?.byBoth).toEqual(first)
    expect(howSigned(t.bought())).toBe('both-until')
    expect(t.bought().signed?.alone?.content.bytesDown).toBeGreaterThan(first?.content.bytesDown ?? 0n)
  })
})

describe('a provider keeps what it signed alone, and ends as soon as ever, when the consumer', () => {
  /** What reaches the provider instead of the consumer's signature; undefined: nothing does. */
  const ANSWERS: Record<string, (t: World, body: { sessionId: string; signature: string }) => unknown> = {
    'does not sign': () => undefined,
    'sends nonsense': () => ({ sessionId: '../x', signature: {} }),
    'signs other figures': (t, body) => {
      const other = recordTypedData({ ...lastOf(t), cost: 0n })
      return { ...body, signature: t.pair.identities.a.signTypedData(other) }
    },
    'sends the mirror image of its signature': (_, body) => ({ ...body, signature: mirrored(body.signature) }),
    'sends the provider’s own signature back': (t, body) => {
      const signature = t.sold().signed?.alone?.providerSignature
      return { ...body, signature }
    },
    'names another session': (_, body) => ({ ...body, sessionId: 'ab'.repeat(16) }),
  }

  it.each(Object.entries(ANSWERS))('%s', async (_, answer) => {
    const t = await start()
    t.as.consumer = (type, body) => (type === 'session-record' ? answer(t, body) : body)
    await t.connect()
    await t.flow(15, { down: MIB })
    await expectPrompt(t, t.sessions.stop(), 2_500)
    expect(t.sold()).toMatchObject({ end: 'provider-closed' })
    expect(howSigned(t.sold())).toBe('alone')
    const own = t.sold().signed?.alone
    expect(own?.content.end).toBe('provider-closed')
    if (own) expectSignatures(own, 'provider')
  })

  it('plays an old signature of hers again', async () => {
    const t = await start()
    await t.connect()
    const seen: unknown[] = []
    t.as.consumer = (type, body) => {
      if (type !== 'session-record') return body
      seen.push(body)
      return seen[0]
    }
    await t.flow(35, { down: MIB })
    const first = t.sold().signed
    expect(seen.length).toBeGreaterThan(1)
    expect(howSigned(t.sold())).toBe('both-until')
    expect(first?.byBoth?.content.endedAtMs).toBeLessThan(Number(first?.alone?.content.endedAtMs))
  })

  it('signs a session of somebody else', async () => {
    const t = await start()
    await t.connect()
    await t.flow(5, { down: MIB })
    t.pair.network.set({ loss: 1 })
    await t.flow(70, {})
    const content = lastOf(t)
    const { records } = t.provider
    const consumer = t.pair.identities.a
    const late = consumer.signTypedData(recordTypedData(content))
    expect(records.complete(t.other, content.sessionId, late)).toBeUndefined()
    // Whenever it comes, the right one is taken, once.
    expect(records.complete(consumer.id, content.sessionId, late)).toBeDefined()
    expect(records.complete(consumer.id, content.sessionId, late)).toBeUndefined()
    expect(howSigned(t.sold())).toBe('both')
  })
})
