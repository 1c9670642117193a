import { once } from 'node:events'
import { Duplex, type Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createManualClock } from '../../testing/manual-clock.ts'
import { createFrameReader, encodeFrame, type Frame } from './frame.ts'
import { createMux, type IncomingStream, MAX_STREAMS } from './mux.ts'
import { createWindowBudget, INITIAL_WINDOW } from './mux-stream.ts'

/** Two ends of a wire in memory that delivers in order and asynchronously. */
function wire(): [Duplex, Duplex] {
  const make = (other: () => Duplex) =>
    new Duplex({
      read: () => undefined,
      write(chunk, _encoding, done) {
        setImmediate(() => {
          if (!other().destroyed) other().push(Buffer.from(chunk))
          done()
        })
      },
      destroy(error, done) {
        setImmediate(() => other().destroy())
        done(error)
      },
    })
  const left: Duplex = make(() => right)
  const right: Duplex = make(() => left)
  return [left, right]
}

const TARGET = { host: 'a.example', port: 80 }
const tick = (times = 20) =>
  Array.from({ length: times }).reduce<Promise<void>>(
    (before) => before.then(() => new Promise((resolve) => setImmediate(resolve))),
    Promise.resolve(),
  )

/** A provider's mux, and a peer that speaks frames by hand, as a hostile one would. */
function againstRaw(onOpen?: (incoming: IncomingStream) => void, budgetBytes = 0) {
  const clock = createManualClock()
  const [near, far] = wire()
  const mux = createMux({ transport: near, clock, budget: createWindowBudget(budgetBytes), ...(onOpen && { onOpen }) })
  const frames: Frame[] = []
  const reader = createFrameReader((frame) => frames.push(frame))
  far.on('data', (bytes: Buffer) => reader.push(bytes))
  far.on('error', () => undefined)
  const send = (...list: Frame[]) => far.write(Buffer.concat(list.map(encodeFrame)))
  return { clock, mux, far, frames, send }
}

function pairOf(onOpen: (incoming: IncomingStream) => void) {
  const clock = createManualClock()
  const [near, far] = wire()
  const provider = createMux({ transport: near, clock, budget: createWindowBudget(0), onOpen })
  const consumer = createMux({ transport: far, clock, budget: createWindowBudget(0) })
  return { clock, provider, consumer }
}
const open = (stream: number): Frame => ({ type: 'open', stream, target: TARGET })
const data = (stream: number, size: number): Frame => ({ type: 'data', stream, payload: Buffer.alloc(size) })
const acceptAll = (incoming: IncomingStream) => void incoming.accept()

async function all(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) text += chunk
  return text
}

describe('the multiplexer', () => {
  test('each direction ends on its own, and the stream number is then forgotten', async () => {
    let there: Duplex | undefined
    const { consumer, provider } = pairOf((incoming) => {
      there = incoming.accept()
    })
    const here = await consumer.open(TARGET)
    here.end('up')
    expect(await all(there as Duplex)).toBe('up')
    there?.end('down')
    expect(await all(here)).toBe('down')
    await tick()
    expect([here.destroyed, there?.destroyed]).toEqual([true, true])
    expect([consumer.sent, consumer.received, provider.sent, provider.received]).toEqual([2n, 4n, 4n, 2n])
  })

  test('refusals carry their code, and a stranger’s nonsense code becomes a general one', async () => {
    const { consumer } = pairOf((incoming) => incoming.refuse(5))
    await expect(consumer.open(TARGET)).rejects.toMatchObject({ name: 'StreamRefused', details: { code: 5 } })
    const { mux, send } = againstRaw()
    const attempt = mux.open(TARGET)
    send({ type: 'failed', stream: 1, code: 200 })
    await expect(attempt).rejects.toMatchObject({ details: { code: 1 } })
  })

  test('giving up while opening tells the provider, whose answer may cross with it', async () => {
    const incomings: IncomingStream[] = []
    const { consumer } = pairOf((incoming) => incomings.push(incoming))
    const cancel = new AbortController()
    const attempt = consumer.open(TARGET, cancel.signal)
    await tick()
    cancel.abort(new Error('enough'))
    const [incoming] = incomings
    const stream = incoming?.accept()
    await expect(attempt).rejects.toThrow('enough')
    await tick()
    expect(incoming?.signal.aborted).toBe(true)
    expect(stream?.destroyed).toBe(true)
    // The connection is still good, and both have forgotten the stream.
    const next = consumer.open(TARGET)
    await tick()
    incomings[1]?.accept()
    expect((await next).destroyed).toBe(false)
  })

  test('an answer given in the very moment of giving up is not sent', async () => {
    const { mux, send, frames } = againstRaw((incoming) => {
      incoming.signal.addEventListener('abort', () => incoming.refuse(4))
    })
    send(open(1), { type: 'reset', stream: 1 })
    await tick()
    expect(frames).toEqual([{ type: 'reset', stream: 1 }])
    mux.destroy()
  })

  test('nobody reads: no more than the window is sent, and reading brings it on again', async () => {
    let there: Duplex | undefined
    const { consumer, provider } = pairOf((incoming) => {
      there = incoming.accept()
    })
    const here = await consumer.open(TARGET)
    here.write(Buffer.alloc(1_000_000))
    await tick(100)
    expect(provider.received).toBe(BigInt(INITIAL_WINDOW))
    there?.resume()
    await tick(400)
    expect(provider.received).toBe(1_000_000n)
  })

  test('a reader that keeps up earns a larger window from the budget, and gives it back', async () => {
    const streams: (Duplex | undefined)[] = []
    const { mux, send, frames } = againstRaw((incoming) => streams.push(incoming.accept()), INITIAL_WINDOW)
    send(open(1), open(2))
    await tick()
    for (const stream of streams) stream?.resume()
    for (let round = 0; round < 6; round++) {
      send(data(1, 16_384), data(2, 16_384))
      await tick()
    }
    const granted = (id: number) =>
      frames.reduce((sum, frame) => sum + (frame.type === 'window' && frame.stream === id ? frame.credit : 0), 0)
    expect(granted(1)).toBe(2.5 * INITIAL_WINDOW)
    expect(granted(2)).toBe(1.5 * INITIAL_WINDOW)
    send({ type: 'reset', stream: 1 })
    await tick()
    send(data(2, 16_384), data(2, 16_384))
    await tick()
    expect(granted(2)).toBe(3 * INITIAL_WINDOW)
    expect(mux.received).toBe(BigInt(14 * 16_384))
  })

  test('a reset says so, and does not disturb the others', async () => {
    const there: Duplex[] = []
    const { consumer } = pairOf((incoming) => {
      const stream = incoming.accept()
      if (stream) there.push(stream)
    })
    const [first, second] = [await consumer.open(TARGET), await consumer.open(TARGET)]
    const failed = once(first, 'error')
    there[0]?.destroy()
    expect((await failed)[0].message).toMatch(/reset/)
    second.end('fine')
    expect(await all(there[1] as Duplex)).toBe('fine')
  })

  test.each<[string, Frame[]]>([
    ['more data than credit', [open(1), ...Array.from({ length: 5 }, () => data(1, 16_384))]],
    ['data after the end', [open(1), { type: 'fin', stream: 1 }, data(1, 1)]],
    ['an end after the end', [open(1), { type: 'fin', stream: 1 }, { type: 'fin', stream: 1 }]],
    ['data for a stream that is not there', [data(1, 1)]],
    ['a reset of a stream that never was', [{ type: 'reset', stream: 7 }]],
    ['a stream number twice', [open(2), open(2)]],
    ['a stream number going back', [open(2), open(1)]],
    ['an answer without a question', [open(1), { type: 'opened', stream: 1 }]],
    ['more credit than anybody has', [open(1), { type: 'window', stream: 1, credit: 0xffff_ffff }]],
  ])('a provider ends the connection on %s', async (_what, frames) => {
    const { mux, send, far } = againstRaw(acceptAll)
    send(...frames)
    expect((await mux.closed).name).toBe('FrameError')
    await tick()
    expect(far.destroyed).toBe(true)
  })

  test('data on a stream that is not accepted yet ends the connection', async () => {
    const { mux, send } = againstRaw(() => undefined)
    send(open(1), data(1, 1))
    expect((await mux.closed).name).toBe('FrameError')
  })

  test.each<[string, Frame[]]>([
    ['opens streams', [open(1)]],
    ['answers for streams that nobody opened', [{ type: 'opened', stream: 1 }]],
    ['sends data for streams that nobody opened', [data(1, 1)]],
  ])('a consumer ends the connection when the provider %s', async (_what, frames) => {
    const { mux, send } = againstRaw()
    send(...frames)
    expect((await mux.closed).name).toBe('FrameError')
  })

  test('one stream too many is refused, and closed ones make room', async () => {
    const { mux, send, frames } = againstRaw(acceptAll)
    send(...Array.from({ length: MAX_STREAMS + 1 }, (_, index) => open(index + 1)))
    await tick(2 * MAX_STREAMS)
    expect(frames.at(-1)).toEqual({ type: 'failed', stream: MAX_STREAMS + 1, code: 1 })
    send({ type: 'reset', stream: 5 })
    await tick()
    send(open(MAX_STREAMS + 2))
    await tick()
    expect(frames.at(-1)).toEqual({ type: 'opened', stream: MAX_STREAMS + 2 })
    mux.destroy()
  })

  test('a peer that asks and does not read is cut off before memory fills', async () => {
    const clock = createManualClock()
    let written = 0
    // Takes the first answer and never says that it is done.
    const write = (chunk: Buffer) => {
      written += chunk.length
    }
    const stuck = new Duplex({ read: () => undefined, write })
    const mux = createMux({ transport: stuck, clock, budget: createWindowBudget(0), onOpen: acceptAll })
    const ping = encodeFrame({ type: 'ping', opaque: Buffer.alloc(8) })
    const many = Buffer.concat(Array.from({ length: 1000 }, () => ping))
    let over = false
    void mux.closed.then(() => {
      over = true
    })
    for (let round = 0; round < 200 && !over; round++) {
      stuck.push(many)
      await tick(1)
    }
    expect((await mux.closed).message).toMatch(/does not read/)
    expect(written).toBeLessThan(100)
  })

  test('silence ends the connection, answers keep it', async () => {
    const { clock, consumer } = pairOf(acceptAll)
    await consumer.ready()
    let over = false
    void consumer.closed.then(() => {
      over = true
    })
    for (let second = 0; second < 60; second++) {
      await clock.advance(1000)
      await tick(4)
    }
    expect(over).toBe(false)
    const alone = againstRaw()
    const stream = alone.mux.open(TARGET)
    const lost = expect(stream).rejects.toMatchObject({ name: 'ConnectionLost' })
    await alone.clock.advance(26_000)
    expect((await alone.mux.closed).message).toMatch(/nothing was heard/)
    await lost
  })

  test('one-byte frames that nobody reads are kept joined', async () => {
    let there: Duplex | undefined
    const { send, mux } = againstRaw((incoming) => {
      there = incoming.accept()
    })
    send(open(1))
    for (let round = 0; round < 60; round++) send(...Array.from({ length: 1000 }, () => data(1, 1)))
    await tick(200)
    expect(mux.received).toBe(60_000n)
    let chunks = 0
    there?.on('data', () => {
      chunks += 1
    })
    await tick()
    expect(chunks).toBeLessThan(80)
  })
})
