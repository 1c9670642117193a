import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ReceivedMessage } from '../messaging/messenger.ts'
import type { Dialogue, DialogueEnd } from '../ports/dialogue.ts'
import { ACCEPT, ACKNOWLEDGEMENT, encodeFrame, OPEN, parseFrame, REFUSAL } from '../protocol/dialogue.ts'
import { DIALOGUE_TIMING, MAX_ACCEPTING } from '../protocol/limits.ts'
import { createDialoguePair, type DialoguePair } from '../testing/dialogue-pair.ts'
import { createManualClock } from '../testing/manual-clock.ts'

const NOTHING = new Uint8Array(0)

/** A registered peer that keeps to the envelope and to nothing else: side a is played by hand. */
describe('a hostile peer', () => {
  let clock: ReturnType<typeof createManualClock>
  let pair: DialoguePair
  let received: ReceivedMessage[]
  let incoming: Dialogue[]
  let sequence: number
  beforeEach(async () => {
    clock = createManualClock()
    pair = await createDialoguePair({ clock, weather: { delayMs: 1 } })
    received = []
    incoming = []
    sequence = 0
    pair.messengers.a.onMessage((message) => void received.push(message))
    pair.b.onIncoming((dialogue) => void incoming.push(dialogue))
  })
  afterEach(async () => {
    const stopped = pair.stop()
    await clock.advance(DIALOGUE_TIMING.closeMs + 10)
    await stopped
  })

  async function send(dialogue: Uint8Array, type: string, body: Uint8Array, withSequence = ++sequence) {
    await pair.messengers.a.send(
      { recipient: pair.identities.b.id, dialogue, sequence: withSequence, type, body },
      pair.contacts.b,
    )
    await clock.advance(5)
  }
  const opening = (contacts: unknown = pair.contacts.a) => Buffer.from(JSON.stringify({ contacts }))
  const frame = (number: number, payload: Uint8Array, more = false, next = 1, selective = 0) =>
    encodeFrame({ acknowledged: { next, selective }, number, more, payload })
  const text = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  const newHalf = () => Uint8Array.from([...randomBytes(8), ...new Uint8Array(8)])

  async function handshake(): Promise<{ id: Uint8Array; dialogue: Dialogue }> {
    await send(newHalf(), OPEN, opening())
    const accept = received.find((message) => message.type === ACCEPT)
    if (!accept) throw new Error('not accepted')
    await send(accept.dialogue, ACKNOWLEDGEMENT, frame(0, NOTHING))
    const dialogue = incoming.at(-1)
    if (!dialogue) throw new Error('not reported')
    return { id: accept.dialogue, dialogue }
  }
  async function endOf(dialogue: Dialogue): Promise<DialogueEnd | 'still open'> {
    return Promise.race([dialogue.closed, new Promise<'still open'>((resolve) => setImmediate(resolve, 'still open'))])
  }

  test('an opening that nobody confirms is never a dialogue and is forgotten', async () => {
    await send(newHalf(), OPEN, opening())
    expect(received.some((message) => message.type === ACCEPT)).toBe(true)
    await clock.advance(DIALOGUE_TIMING.acceptingMs)
    const count = received.length
    await clock.advance(60_000)
    expect(received.length).toBe(count)
    expect(incoming).toEqual([])
  })

  test.each([
    ['no contacts', NOTHING],
    ['contacts that are not JSON', Buffer.from('{')],
    ['contacts of other channels', Buffer.from('{"contacts":[{"channel":"other","address":"x"}]}')],
    ['too many contacts', Buffer.from(JSON.stringify({ contacts: Array(9).fill({ channel: 'memory', address: '' }) }))],
    [
      'a contact that is too long',
      Buffer.from(JSON.stringify({ contacts: [{ channel: 'memory', address: 'x'.repeat(201) }] })),
    ],
  ])('an opening with %s is dropped', async (_name, body) => {
    await send(newHalf(), OPEN, body)
    expect(received).toEqual([])
  })

  test('a message that comes before the confirmation finds its handler all the same', async () => {
    const heard: unknown[] = []
    pair.b.onIncoming((dialogue) => {
      dialogue.handle('note', (body) => void heard.push(body))
    })
    await send(newHalf(), OPEN, opening())
    const accept = received.find((message) => message.type === ACCEPT)
    await send(accept?.dialogue ?? NOTHING, 'note', frame(1, text({ id: 1, body: 'early' })))
    expect(heard).toEqual(['early'])
    expect(received.at(-1)?.type).toBe(ACKNOWLEDGEMENT)
  })

  test('an opening that chooses our half of the id is dropped', async () => {
    await send(Uint8Array.from(randomBytes(16)), OPEN, opening())
    expect(received).toEqual([])
  })

  test('messages of a dialogue that was never opened are dropped', async () => {
    await send(Uint8Array.from(randomBytes(16)), 'note', frame(1, text({ id: 1, body: 1 })))
    await send(Uint8Array.from(randomBytes(16)), ACCEPT, frame(0, NOTHING))
    expect(received).toEqual([])
    expect(incoming).toEqual([])
  })

  test('many openings at once take up no more than their share', async () => {
    for (let count = 0; count < 5; count++) {
      await clock.advance(1_000)
      await send(newHalf(), OPEN, opening())
    }
    // a newer opening of the same peer takes the place of the older one: one is being accepted
    const halves = new Set(
      received.filter((one) => one.type === ACCEPT).map((one) => Buffer.from(one.dialogue).toString('hex')),
    )
    expect(halves.size).toBe(5)
    received.length = 0
    await clock.advance(3_000)
    expect(new Set(received.map((one) => Buffer.from(one.dialogue).toString('hex'))).size).toBe(1)
    expect(MAX_ACCEPTING).toBeLessThanOrEqual(64)
  })

  test.each([
    ['bytes that are not text', Buffer.from([0xff, 0xfe])],
    ['text that is not JSON', Buffer.from('{"id":1')],
    ['a message without id', Buffer.from('{"body":1}')],
    ['JSON nested without end', Buffer.from('['.repeat(15_000))],
  ])('%s break the dialogue and nothing else', async (_name, payload) => {
    const { id, dialogue } = await handshake()
    await send(id, 'note', frame(1, payload))
    expect(await endOf(dialogue)).toBe('broken')
  })

  test('a message without end breaks the dialogue before it fills the memory', async () => {
    const { id, dialogue } = await handshake()
    let number = 1
    for (; number < 20 && (await endOf(dialogue)) === 'still open'; number++) {
      await send(id, 'note', frame(number, new Uint8Array(16_000), true))
    }
    expect(await endOf(dialogue)).toBe('broken')
    expect(number).toBeLessThanOrEqual(10)
  })

  test('a packet number works once, even under a new signature', async () => {
    const { id, dialogue } = await handshake()
    const heard: unknown[] = []
    dialogue.handle('note', (body) => void heard.push(body))
    await send(id, 'note', frame(1, text({ id: 1, body: 'first' })), 50)
    await send(id, 'note', frame(2, text({ id: 2, body: 'again' })), 50)
    expect(heard).toEqual(['first'])
    await send(id, 'note', frame(2, text({ id: 2, body: 'second' })), 51)
    await send(id, 'note', frame(2, text({ id: 2, body: 'data repeated' })), 52)
    expect(heard).toEqual(['first', 'second'])
  })

  test('data beyond the window, frames that are none and unknown control messages are ignored', async () => {
    const { id, dialogue } = await handshake()
    await send(id, 'note', frame(34, text({ id: 1, body: 1 })))
    await send(id, 'note', new Uint8Array(5))
    await send(id, 'note', frame(0, text({ id: 1, body: 1 })))
    await send(id, OPEN, frame(1, NOTHING))
    expect(await endOf(dialogue)).toBe('still open')
    expect(dialogue.state).toBe('open')
  })

  test('refusals and replies to what was never asked are not answered: no ping-pong', async () => {
    const { id, dialogue } = await handshake()
    await send(id, REFUSAL, frame(1, text({ id: 1, body: { reason: 'unknown-message' } })))
    await send(id, 'note', frame(2, text({ id: 2, re: 999, body: null })))
    await send(id, REFUSAL, frame(3, text({ id: 3, re: 5, body: { reason: 'no such reason' } })))
    const data = received.map((message) => parseFrame(message.body)?.number ?? 0)
    expect(Math.max(...data)).toBe(0)
    expect(await endOf(dialogue)).toBe('still open')
  })

  test('an acknowledgement of what was not sent settles nothing', async () => {
    const { id, dialogue } = await handshake()
    let settled = false
    const sent = dialogue.send('note', 1).finally(() => {
      settled = true
    })
    sent.catch(() => undefined)
    await send(id, ACKNOWLEDGEMENT, frame(0, NOTHING, false, 1_000, 0xffffffff))
    expect(settled).toBe(false)
    await send(id, ACKNOWLEDGEMENT, frame(0, NOTHING, false, 2))
    await sent
  })

  test('a reason and a text of a stranger never reach a person', async () => {
    const { id, dialogue } = await handshake()
    const asked = dialogue.request('session-create', {})
    asked.catch(() => undefined)
    await clock.advance(5)
    const question = received.find((message) => message.type === 'session-create')
    expect(parseFrame(question?.body ?? NOTHING)?.number).toBe(1)
    await send(
      id,
      REFUSAL,
      frame(1, text({ id: 1, re: 1, body: { reason: '<b>pay here</b>', message: 'evil' } }), false, 2),
    )
    await expect(asked).rejects.toMatchObject({ name: 'Refused', details: { reason: 'service-unavailable' } })
    await expect(asked).rejects.not.toThrow(/pay here|evil/)
  })
})

describe('a hostile relay', () => {
  test('can play nothing again: not to close, not to deliver twice, not to open', async () => {
    const clock = createManualClock()
    const pair = await createDialoguePair({ clock, weather: { delayMs: 1 } })
    const recorded: { to: `0x${string}`; datagram: Uint8Array }[] = []
    const stopRecording = pair.network.onSend((datagram, to) => void recorded.push({ to, datagram }))
    const opened = async () => {
      const opening = pair.open()
      await clock.advance(20)
      return opening
    }
    const first = await opened()
    const heard: unknown[] = []
    first.b.handle('note', (body) => void heard.push(body))
    const sent = first.a.send('note', 'once')
    await clock.advance(20)
    await sent
    const closing = first.a.close()
    await clock.advance(20)
    await closing
    stopRecording()

    const incoming: Dialogue[] = []
    pair.b.onIncoming((dialogue) => void incoming.push(dialogue))
    const second = await opened()
    second.b.handle('note', (body) => void heard.push(body))
    const replay = async () => {
      for (const { to, datagram } of recorded) pair.network.inject(to, datagram)
      await clock.advance(20)
    }
    await replay()
    expect([second.a.state, second.b.state]).toEqual(['open', 'open'])

    // the peer restarts and has forgotten everything: the old opening is answered, but opens nothing
    pair.network.cut(pair.identities.a.id, true)
    const restarted = await createDialoguePair({ clock, identities: pair.identities, weather: { delayMs: 1 } })
    const reported: Dialogue[] = []
    restarted.b.onIncoming((dialogue) => void reported.push(dialogue))
    for (const { to, datagram } of recorded) if (to === pair.identities.b.id) restarted.network.inject(to, datagram)
    await clock.advance(DIALOGUE_TIMING.acceptingMs + 1_000)
    expect(reported).toEqual([])
    expect(heard).toEqual(['once'])
    expect(incoming).toEqual([second.b])

    const stopped = Promise.all([pair.stop(), restarted.stop()])
    await clock.advance(DIALOGUE_TIMING.closeMs + 10)
    await stopped
  })
})

test('handlers that fail answer with a reason, or with the most general one', async () => {
  const pair = await createDialoguePair()
  const { a, b } = await pair.open()
  b.handle('full', () => {
    throw Object.assign(new Error('no'), { reason: 'sessions-full' })
  })
  b.handle('bug', async () => {
    throw new Error('secret detail')
  })
  b.handle('strange', () => {
    throw Object.assign(new Error('no'), { reason: 'toString' })
  })
  await expect(a.request('full', 1)).rejects.toMatchObject({ details: { reason: 'sessions-full' } })
  await expect(a.request('bug', 1)).rejects.toMatchObject({ details: { reason: 'service-unavailable' } })
  await expect(a.request('strange', 1)).rejects.toMatchObject({ details: { reason: 'service-unavailable' } })
  await expect(a.send('dialogue-close', 1)).rejects.toMatchObject({ name: 'InvalidMessageType' })
  await expect(a.request('Not A Type', 1)).rejects.toMatchObject({ name: 'InvalidMessageType' })
  expect(a.state).toBe('open')
  await pair.stop()
})

test('contacts are tried side by side, and the one that answers is used from then on', async () => {
  const pair = await createDialoguePair()
  const contacts = [
    { channel: 'carrier-pigeon', address: 'roof' },
    { channel: 'memory', address: 'x' },
  ]
  const dialogue = await pair.a.open(pair.identities.b.id, contacts)
  await dialogue.send('note', 1)
  await pair.stop()
})
