import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Dialogue } from '../ports/dialogue.ts'
import { createDialoguePair } from '../testing/dialogue-pair.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createTestIdentity } from '../testing/memory-registry.ts'

/** Moves the clock until the promise is settled. */
async function within<T>(clock: ReturnType<typeof createManualClock>, ms: number, promise: Promise<T>): Promise<T> {
  let settled = false
  const done = promise.finally(() => {
    settled = true
  })
  done.catch(() => undefined)
  for (let passedMs = 0; !settled && passedMs < ms; passedMs += 50) await clock.advance(50)
  if (!settled) throw new Error(`not settled within ${ms} ms`)
  return done
}

describe('a dialogue in bad weather', () => {
  test.each([1, 2, 3])(
    'carries everything both ways with a third lost, some doubled and half reordered (seed %i)',
    async (seed) => {
      const clock = createManualClock()
      const weather = { loss: 0.3, duplication: 0.2, reorder: 0.5, delayMs: 40, jitterMs: 400 }
      const pair = await createDialoguePair({ clock, seed, weather, maxDatagram: 600, timing: { ackDelayMs: 30 } })
      const { a, b } = await within(clock, 20_000, pair.open())
      const heard: { a: unknown[]; b: unknown[] } = { a: [], b: [] }
      a.handle('note', (body) => void heard.a.push(body))
      b.handle('note', (body) => void heard.b.push(body))
      b.handle('double', (body) => ({ type: 'doubled', body: `${body}${body}` }))
      const numbers = [...Array(12).keys()]
      const sending = [...numbers.map((at) => a.send('note', at)), ...numbers.map((at) => b.send('note', at))]
      const asked = a.request('double', 'x'.repeat(600), { timeoutMs: 200_000 })
      await within(clock, 200_000, Promise.all(sending))
      expect(heard).toEqual({ a: numbers, b: numbers })
      expect(await within(clock, 200_000, asked)).toEqual({ type: 'doubled', body: 'x'.repeat(1_200) })
      expect([a.state, b.state]).toEqual(['open', 'open'])
      await within(clock, 20_000, pair.stop())
    },
  )

  test('lives for as long as both are there, and ends after 60 s of silence', async () => {
    const clock = createManualClock()
    const pair = await createDialoguePair({ clock, weather: { delayMs: 20 } })
    const { a, b } = await within(clock, 1_000, pair.open())
    let datagrams = 0
    pair.network.onSend(() => {
      datagrams += 1
    })
    await clock.advance(600_000)
    expect([a.state, b.state]).toEqual(['open', 'open'])
    expect(datagrams).toBe(80)
    pair.network.cut(pair.identities.b.id, true)
    const lost = a.send('note', 1)
    lost.catch(() => undefined)
    await clock.advance(44_000)
    expect([a.state, b.state]).toEqual(['open', 'open'])
    await clock.advance(17_000)
    expect([await a.closed, await b.closed]).toEqual(['silence', 'silence'])
    await expect(lost).rejects.toMatchObject({ name: 'DialogueEnded', details: { end: 'silence' } })
    await within(clock, 10_000, pair.stop())
  })

  test('a peer that hears but does not acknowledge cannot keep a message for ever', async () => {
    const clock = createManualClock()
    const pair = await createDialoguePair({ clock, weather: { delayMs: 20 } })
    const { a, b } = await within(clock, 1_000, pair.open())
    const release: (() => void)[] = []
    b.handle('slow', () => new Promise((resolve) => release.push(() => resolve(undefined))))
    const sent = Array.from({ length: 70 }, (_, at) => a.send('slow', at))
    const settled = Promise.allSettled(sent)
    await clock.advance(70_000)
    expect(await a.closed).toBe('broken')
    expect((await settled).filter((one) => one.status === 'fulfilled').length).toBe(64)
    for (const one of release) one()
    await within(clock, 10_000, pair.stop())
  })

  test('opening is answered, given up or broken off in time', async () => {
    const clock = createManualClock()
    const pair = await createDialoguePair({ clock, weather: { delayMs: 20 } })
    const { b } = pair.identities
    pair.network.cut(b.id, true)
    await expect(within(clock, 16_000, pair.a.open(b.id, pair.contacts.b))).rejects.toMatchObject({
      name: 'DialogueNotAnswered',
    })
    await expect(within(clock, 3_000, pair.a.open(b.id, pair.contacts.b, { timeoutMs: 2_000 }))).rejects.toMatchObject({
      name: 'DialogueNotAnswered',
    })
    const abort = new AbortController()
    const broken = pair.a.open(b.id, pair.contacts.b, { signal: abort.signal })
    abort.abort(new Error('changed my mind'))
    await expect(broken).rejects.toThrow('changed my mind')
    await expect(pair.a.open(`0x${'12'.repeat(20)}`, [])).rejects.toMatchObject({ name: 'PeerNotRegistered' })
    // the network comes back while the opening is under way
    const late = pair.a.open(b.id, pair.contacts.b)
    await clock.advance(4_000)
    pair.network.cut(b.id, false)
    expect((await within(clock, 6_000, late)).peer).toBe(b.id)
    await within(clock, 10_000, pair.stop())
  })

  test('requests have a deadline, and end with the dialogue', async () => {
    const clock = createManualClock()
    const pair = await createDialoguePair({ clock, weather: { delayMs: 20 } })
    const { a, b } = await within(clock, 1_000, pair.open())
    b.handle('think', () => new Promise(() => undefined))
    b.handle('nothing', () => undefined)
    await expect(within(clock, 31_000, a.request('think', null))).rejects.toMatchObject({ name: 'RequestTimedOut' })
    await expect(within(clock, 2_000, a.request('nothing', null, { timeoutMs: 1_000 }))).rejects.toMatchObject({
      name: 'RequestTimedOut',
    })
    const open = a.request('think', null)
    open.catch(() => undefined)
    await within(clock, 5_000, b.close())
    await expect(open).rejects.toMatchObject({ name: 'DialogueEnded', details: { end: 'closed-by-peer' } })
    await within(clock, 10_000, pair.stop())
  })

  test('close delivers what was sent before, and does not wait long for who is gone', async () => {
    const clock = createManualClock()
    const pair = await createDialoguePair({ clock, weather: { delayMs: 20 } })
    const first = await within(clock, 1_000, pair.open())
    const heard: unknown[] = []
    first.b.handle('note', (body) => void heard.push(body))
    const sent = Promise.all([first.a.send('note', 1), first.a.send('note', 2)])
    await within(clock, 5_000, first.a.close())
    await sent
    expect(heard).toEqual([1, 2])
    expect(await first.b.closed).toBe('closed-by-peer')
    const second = await within(clock, 1_000, pair.open())
    pair.network.cut(pair.identities.b.id, true)
    await within(clock, 2_100, second.a.close())
    expect(second.a.state).toBe('closed')
    await within(clock, 10_000, pair.stop())
  })

  test('two that open at the same time agree on one dialogue, whatever is lost', async () => {
    const [one, two] = [createTestIdentity(new Uint8Array(32).fill(1)), createTestIdentity(new Uint8Array(32).fill(2))]
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 0, max: 2_000 }), fc.boolean(), async (seed, laterMs, lower) => {
        const clock = createManualClock()
        const weather = { loss: 0.3, duplication: 0.2, reorder: 0.5, delayMs: 30, jitterMs: 800 }
        const pair = await createDialoguePair({
          clock,
          seed,
          weather,
          identities: lower ? { a: one, b: two } : { a: two, b: one },
        })
        const known: { a: Dialogue[]; b: Dialogue[] } = { a: [], b: [] }
        pair.a.onIncoming((dialogue) => void known.a.push(dialogue))
        pair.b.onIncoming((dialogue) => void known.b.push(dialogue))
        const openA = pair.a.open(pair.identities.b.id, pair.contacts.b, { timeoutMs: 60_000 })
        await clock.advance(laterMs)
        const openB = pair.b.open(pair.identities.a.id, pair.contacts.a, { timeoutMs: 60_000 })
        const [a, b] = await within(clock, 120_000, Promise.all([openA, openB]))
        known.a.push(a)
        known.b.push(b)
        await clock.advance(40_000)
        const alive = (all: Dialogue[]) => [...new Set(all.filter(({ state }) => state === 'open').map(({ id }) => id))]
        expect(alive(known.a)).toHaveLength(1)
        expect(alive(known.b)).toEqual(alive(known.a))
        await within(clock, 60_000, pair.stop())
      }),
      { numRuns: 12 },
    )
  })
})
