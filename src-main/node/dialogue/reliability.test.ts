import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryNetwork } from '../messaging/channels/memory.ts'
import { ACKNOWLEDGEMENT, type Data, encodeFrame, parseFrame } from '../protocol/dialogue.ts'
import { DIALOGUE_TIMING, MAX_MESSAGE, MAX_QUEUED_MESSAGES } from '../protocol/limits.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createReceiver } from './receiver.ts'
import { createReplayWindow } from './replay-window.ts'
import { createRto } from './rto.ts'
import { createSender } from './sender.ts'

const NOTHING = new Uint8Array(0)
const timing = DIALOGUE_TIMING

/** Sender and receiver of one direction over a bad network, without envelopes: thousands of packets in a second. */
async function createOneWay(options: { seed: number; weather: object; maxPayload: number; ready?: () => boolean }) {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock, seed: options.seed, weather: options.weather })
  const [left, right] = [network.channel('0xa'), network.channel('0xb')]
  await left.start()
  await right.start()
  const delivered: string[] = []
  let transmissions = 0
  let broken = false
  const frame = (acknowledged: { next: number; selective: number }, data: Data) =>
    encodeFrame({ acknowledged, ...data })
  const sender = createSender({
    clock,
    timing,
    maxPayload: () => options.maxPayload,
    transmit(_type, data) {
      transmissions += 1
      void left.send('0xb', '', frame({ next: 1, selective: 0 }, data))
    },
    broken: () => {
      broken = true
      sender.stop(new Error('broken'))
    },
  })
  const receiver = createReceiver({
    ready: options.ready ?? (() => true),
    deliver: (type, payload) => void delivered.push(`${type}:${Buffer.from(payload).toString('latin1')}`),
    broken: () => {
      broken = true
    },
  })
  function acknowledge() {
    void right.send('0xa', '', frame(receiver.acknowledged(), { number: 0, more: false, payload: NOTHING }))
  }
  right.onDatagram((datagram) => {
    const parsed = parseFrame(datagram)
    if (!parsed) return
    receiver.receive('text', parsed)
    acknowledge()
  })
  left.onDatagram((datagram) => {
    const parsed = parseFrame(datagram)
    if (parsed) sender.acknowledged(parsed.acknowledged)
  })
  return {
    clock,
    sender,
    receiver,
    acknowledge,
    delivered,
    network,
    transmissions: () => transmissions,
    broken: () => broken,
  }
}

test('every message arrives exactly once and in order, whatever the weather', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        loss: fc.double({ min: 0, max: 0.35, noNaN: true }),
        duplication: fc.double({ min: 0, max: 0.5, noNaN: true }),
        reorder: fc.double({ min: 0, max: 0.8, noNaN: true }),
        delayMs: fc.integer({ min: 0, max: 300 }),
        jitterMs: fc.integer({ min: 0, max: 2_000 }),
      }),
      fc.array(fc.nat(700), { minLength: 1, maxLength: 60 }),
      async ({ seed, ...weather }, sizes) => {
        const way = await createOneWay({ seed, weather, maxPayload: 100 })
        const texts = sizes.map((size, at) => `${at}-`.padEnd(size, 'x'))
        const sent = Promise.all(texts.map((text) => way.sender.send('text', Buffer.from(text, 'latin1'))))
        await way.clock.advance(300_000)
        expect(way.broken()).toBe(false)
        expect(way.delivered).toEqual(texts.map((text) => `text:${text}`))
        await sent
      },
    ),
    { numRuns: 60 },
  )
})

test('is thrifty in fair weather: nothing is sent twice', async () => {
  const way = await createOneWay({ seed: 1, weather: { delayMs: 100 }, maxPayload: 100 })
  const sent = Promise.all(Array.from({ length: 200 }, () => way.sender.send('text', NOTHING)))
  await way.clock.advance(10_000)
  await sent
  expect(way.transmissions()).toBe(200)
})

test('gives up, and says so, when nothing is acknowledged', async () => {
  const way = await createOneWay({ seed: 1, weather: { loss: 1 }, maxPayload: 100 })
  const sent = way.sender.send('text', NOTHING)
  sent.catch(() => undefined)
  await way.clock.advance(timing.silenceMs - 1_000)
  expect(way.broken()).toBe(false)
  await way.clock.advance(timing.rtoMaxMs + 1_000)
  expect(way.broken()).toBe(true)
  await expect(sent).rejects.toThrow('broken')
  // doubled up to the ceiling: neither a flood nor a few desperate attempts
  expect(way.transmissions()).toBeGreaterThan(10)
  expect(way.transmissions()).toBeLessThan(20)
})

test('refuses what is too large and what is too much', async () => {
  const way = await createOneWay({ seed: 1, weather: { loss: 1 }, maxPayload: 1_000 })
  await expect(way.sender.send('text', new Uint8Array(MAX_MESSAGE + 1))).rejects.toMatchObject({
    name: 'MessageTooLarge',
  })
  const sent = Array.from({ length: MAX_QUEUED_MESSAGES }, () => way.sender.send('text', NOTHING))
  await expect(way.sender.send('text', NOTHING)).rejects.toMatchObject({ name: 'DialogueBusy' })
  way.sender.stop(new Error('over'))
  expect((await Promise.allSettled(sent)).every((one) => one.status === 'rejected')).toBe(true)
})

test('holds messages back while the receiver is not ready, and loses none', async () => {
  let ready = false
  const way = await createOneWay({ seed: 1, weather: { delayMs: 10 }, maxPayload: 10, ready: () => ready })
  const sent = Promise.all(Array.from({ length: 100 }, (_, at) => way.sender.send('text', Buffer.from(`${at}`))))
  await way.clock.advance(20_000)
  expect(way.delivered).toEqual([])
  ready = true
  way.receiver.pump()
  way.acknowledge()
  await way.clock.advance(20_000)
  await sent
  expect(way.delivered).toEqual(Array.from({ length: 100 }, (_, at) => `text:${at}`))
})

test('believes no acknowledgement of what was never sent', async () => {
  const way = await createOneWay({ seed: 1, weather: { loss: 1 }, maxPayload: 10 })
  let done = false
  const sent = way.sender.send('text', NOTHING).then(() => {
    done = true
  })
  way.sender.acknowledged({ next: 1_000, selective: 0xffffffff })
  way.sender.acknowledged({ next: 0, selective: 0 })
  await Promise.resolve()
  expect(done).toBe(false)
  way.sender.acknowledged({ next: 2, selective: 0 })
  await sent
})

test('the receiver holds a bounded amount, whatever is sent', () => {
  let broken = 0
  const delivered: number[] = []
  const receiver = createReceiver({
    ready: () => true,
    deliver: (_type, payload) => void delivered.push(payload.length),
    broken: () => {
      broken += 1
      receiver.stop()
    },
  })
  const piece = (number: number, more: boolean, size: number) => ({ number, more, payload: new Uint8Array(size) })
  for (let number = 34; number < 10_000; number++) receiver.receive('text', piece(number, false, 10))
  expect(receiver.acknowledged()).toEqual({ next: 1, selective: 0 })
  for (let number = 1; number <= 33; number++) receiver.receive('text', piece(number, false, 10))
  // 34 and those after it were beyond the window when they came: nothing of them was kept
  expect(delivered.length).toBe(33)
  expect(receiver.acknowledged().next).toBe(34)
  for (let number = 34; broken === 0 && number < 100; number++) receiver.receive('text', piece(number, true, 16_000))
  expect(broken).toBe(1)
  expect(delivered.length).toBe(33)
})

test('pieces of two messages do not fit together', () => {
  let broken = false
  const receiver = createReceiver({
    ready: () => true,
    deliver: () => undefined,
    broken: () => {
      broken = true
    },
  })
  receiver.receive('one', { number: 1, more: true, payload: NOTHING })
  receiver.receive('two', { number: 2, more: false, payload: NOTHING })
  expect(broken).toBe(true)
})

test('a packet number counts once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 400 }), (numbers) => {
      const width = 100
      const isFresh = createReplayWindow(width)
      const seen = new Set<number>()
      let highest = 0
      for (const number of numbers) {
        expect(isFresh(number)).toBe(number >= 1 && number > highest - width && !seen.has(number))
        if (number >= 1 && number > highest - width) seen.add(number)
        highest = Math.max(highest, number)
      }
    }),
  )
})

test('the retransmission timer follows RFC 6298', () => {
  const rto = createRto({ rtoInitialMs: 1_000, rtoMinMs: 100, rtoMaxMs: 5_000 })
  expect([1, 2, 3, 4, 50].map((attempt) => rto.after(attempt))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
  rto.sample(200)
  expect(rto.after(1)).toBe(200 + 4 * 100)
  rto.sample(280)
  // RTTVAR = 3/4 · 100 + 1/4 · |200 − 280| = 95, SRTT = 7/8 · 200 + 1/8 · 280 = 210
  expect(rto.after(1)).toBe(210 + 4 * 95)
  for (let count = 0; count < 100; count++) rto.sample(1)
  expect(rto.after(1)).toBe(100)
})

test('frames keep their fields', () => {
  const frame = {
    acknowledged: { next: 7, selective: 0x80000001 },
    number: 9,
    more: true,
    payload: Uint8Array.of(1, 2),
  }
  expect(parseFrame(encodeFrame(frame))).toEqual(frame)
  expect(parseFrame(new Uint8Array(12))).toBeUndefined()
  expect(ACKNOWLEDGEMENT).toBe('acknowledgement')
})
