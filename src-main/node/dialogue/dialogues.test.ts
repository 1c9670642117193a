import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Dialogue } from '../ports/dialogue.ts'
import { createDialoguePair, type DialoguePair } from '../testing/dialogue-pair.ts'

const pairs: DialoguePair[] = []
async function pairOf(options: Parameters<typeof createDialoguePair>[0] = {}) {
  const pair = await createDialoguePair(options)
  pairs.push(pair)
  return pair
}
afterEach(async () => {
  for (const pair of pairs.splice(0)) await pair.stop()
})

describe('a dialogue in fair weather', () => {
  test('carries messages and requests in both directions', async () => {
    const { a, b } = await (await pairOf()).open()
    expect(a.id).toBe(b.id)
    const heard: unknown[] = []
    b.handle('note', (body) => void heard.push(body))
    await a.send('note', { text: 'one' })
    await a.send('note', { amount: 2n ** 100n })
    expect(heard).toEqual([{ text: 'one' }, { amount: 2n ** 100n }])
    a.handle('sum', (body) => {
      const { x, y } = z.object({ x: z.number(), y: z.number() }).parse(body)
      return { type: 'sum-result', body: x + y }
    })
    expect(await b.request('sum', { x: 1, y: 2 })).toEqual({ type: 'sum-result', body: 3 })
    await expect(b.request('sum', { x: 'no' })).rejects.toMatchObject({
      name: 'Refused',
      details: { reason: 'malformed-message' },
    })
  })

  test('answers an unknown type with a refusal', async () => {
    const { a } = await (await pairOf()).open()
    await expect(a.request('who-knows', {})).rejects.toMatchObject({
      name: 'Refused',
      details: { reason: 'unknown-message' },
    })
    await a.send('who-knows', {})
  })

  test('carries what is larger than a datagram', async () => {
    const { a, b } = await (await pairOf({ maxDatagram: 1_200 })).open()
    b.handle('echo', (body) => ({ type: 'echoed', body }))
    const long = 'ä'.repeat(30_000)
    expect(await a.request('echo', long)).toEqual({ type: 'echoed', body: long })
    await expect(a.send('echo', 'x'.repeat(200_000))).rejects.toMatchObject({ name: 'MessageTooLarge' })
  })

  test('close tells the peer', async () => {
    const { a, b } = await (await pairOf()).open()
    await a.close()
    expect(await a.closed).toBe('closed-here')
    expect(await b.closed).toBe('closed-by-peer')
    await expect(a.send('note', {})).rejects.toMatchObject({ name: 'DialogueEnded' })
    await expect(b.request('note', {})).rejects.toMatchObject({ name: 'DialogueEnded' })
  })

  test('a new dialogue takes the place of the old one on both sides', async () => {
    const pair = await pairOf()
    const first = await pair.open()
    const second = await pair.open()
    expect(await first.a.closed).toBe('replaced')
    expect(await first.b.closed).toBe('replaced')
    second.b.handle('ping', () => ({ type: 'pong', body: null }))
    expect(await second.a.request('ping', null)).toEqual({ type: 'pong', body: null })
  })

  test('two that open at the same time end up in one dialogue', async () => {
    const pair = await pairOf()
    const incoming: { a: Dialogue[]; b: Dialogue[] } = { a: [], b: [] }
    pair.a.onIncoming((dialogue) => void incoming.a.push(dialogue))
    pair.b.onIncoming((dialogue) => void incoming.b.push(dialogue))
    const [a, b] = await Promise.all([
      pair.a.open(pair.identities.b.id, pair.contacts.b),
      pair.b.open(pair.identities.a.id, pair.contacts.a),
    ])
    expect(a.id).toBe(b.id)
    b.handle('ping', () => ({ type: 'pong', body: null }))
    expect(await a.request('ping', null)).toEqual({ type: 'pong', body: null })
    expect(incoming.a).toEqual([a])
    expect(incoming.b).toEqual([b])
    expect([a.state, b.state]).toEqual(['open', 'open'])
  })
})
