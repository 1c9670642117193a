import { randomFillSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eciesEncrypt } from '../lib/ecies.ts'
import { silentLogger } from '../lib/logger.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import {
  encodeMessage,
  joinDatagram,
  joinSigned,
  type Message,
  messageDigest,
  splitDatagram,
} from '../protocol/envelope.ts'
import { MAX_DATAGRAM, MESSAGING_LIMITS } from '../protocol/limits.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createMemoryRegistry, createTestIdentity } from '../testing/memory-registry.ts'
import { createMemoryNetwork, type MemoryNetwork } from './channels/memory.ts'
import { createMessenger, type Messenger, type ReceivedMessage } from './messenger.ts'

const chainId = 31_337n

describe('the messenger', () => {
  const [alice, bob, mallory, stranger] = [
    createTestIdentity(),
    createTestIdentity(),
    createTestIdentity(),
    createTestIdentity(),
  ]
  const registry = createMemoryRegistry(alice, bob, mallory)
  let clock: ReturnType<typeof createManualClock>
  let network: MemoryNetwork
  let messengers: Record<'alice' | 'bob', Messenger>
  let heard: ReceivedMessage[]

  beforeEach(async () => {
    clock = createManualClock()
    network = createMemoryNetwork({ clock, weather: { delayMs: 1 } })
    const start = async (identity: UnlockedIdentity) => {
      const channel = network.channel(identity.id)
      await channel.start()
      return createMessenger({ identity, registry, channels: [channel], chainId, clock, log: silentLogger })
    }
    messengers = { alice: await start(alice), bob: await start(bob) }
    before = { ...messengers.bob.drops }
    heard = []
    messengers.bob.onMessage((message) => void heard.push(message))
  })
  afterEach(() => {
    messengers.alice.stop()
    messengers.bob.stop()
  })

  const content = (change: Partial<Message> = {}): Message => ({
    sender: alice.id,
    recipient: bob.id,
    dialogue: new Uint8Array(16),
    sequence: 1,
    timeMs: clock.now(),
    type: 'note',
    body: Uint8Array.of(1, 2, 3),
    ...change,
  })

  function sign(signer: UnlockedIdentity, message: Message, chain = chainId) {
    const bytes = encodeMessage(chain, message)
    return joinSigned(signer.signDigest(messageDigest(bytes)), bytes)
  }

  function seal(signer: UnlockedIdentity, message: Message, change: { to?: UnlockedIdentity; chain?: bigint } = {}) {
    return joinDatagram(message.sender, eciesEncrypt((change.to ?? bob).publicKey, sign(signer, message, change.chain)))
  }

  /** The reasons for which bob dropped something since the last call. */
  let before: Messenger['drops']
  function dropped() {
    const now = { ...messengers.bob.drops }
    const reasons = (Object.keys(now) as (keyof typeof now)[]).filter((reason) => now[reason] > before[reason])
    before = now
    return reasons
  }
  function inject(datagram: Uint8Array) {
    network.inject(bob.id, datagram)
    return dropped()
  }

  test('carries a message with all that was signed', async () => {
    const { sender: _sender, timeMs: _timeMs, ...message } = content({ sequence: 5 })
    await messengers.alice.send(message, [{ channel: 'memory', address: bob.id }])
    await clock.advance(1)
    expect(heard).toEqual([{ ...content({ sequence: 5, timeMs: clock.now() - 1 }), channel: 'memory' }])
    expect(messengers.bob.drops).toEqual(before)
  })

  test('says how much fits, and it does', async () => {
    const size = messengers.alice.maxBody('memory', 'note')
    const { sender: _sender, timeMs: _timeMs, ...message } = content()
    await messengers.alice.send({ ...message, body: new Uint8Array(size) }, messengers.bob.contacts())
    await clock.advance(1)
    expect(heard[0]?.body.length).toBe(size)
    await messengers.alice.send({ ...message, body: new Uint8Array(size + 1) }, messengers.bob.contacts())
    await clock.advance(1)
    expect(heard.length).toBe(1)
    expect(messengers.alice.maxBody('none', 'note')).toBe(0)
  })

  test('drops what is too large, too small, or of another version', () => {
    expect(inject(new Uint8Array(MAX_DATAGRAM + 1))).toEqual(['size'])
    expect(inject(new Uint8Array(10))).toEqual(['size'])
    expect(inject(Uint8Array.from(seal(alice, content())).fill(2, 0, 1))).toEqual(['size'])
    expect(heard).toEqual([])
  })

  test('drops what comes from an identity that is not registered', () => {
    expect(inject(seal(stranger, content({ sender: stranger.id })))).toEqual(['unregistered'])
  })

  test('drops what somebody else signed, whatever it says about its sender', () => {
    expect(inject(seal(mallory, content()))).toEqual(['signature'])
    const mine = sign(mallory, content({ sender: mallory.id }))
    expect(inject(joinDatagram(alice.id, eciesEncrypt(bob.publicKey, mine)))).toEqual(['malformed'])
    expect(heard).toEqual([])
  })

  test('drops what its recipient forwarded as if it were for somebody else', () => {
    const toMallory = seal(alice, content({ recipient: mallory.id }), { to: mallory })
    const signed = mallory.decrypt(splitDatagram(toMallory)?.ciphertext ?? new Uint8Array())
    expect(inject(joinDatagram(alice.id, eciesEncrypt(bob.publicKey, signed)))).toEqual(['recipient'])
    expect(inject(toMallory)).toEqual(['undecryptable'])
    expect(heard).toEqual([])
  })

  test('drops what is of another chain', () => {
    expect(inject(seal(alice, content(), { chain: 1n }))).toEqual(['malformed'])
  })

  test('drops what is too old or from the future, and takes what a clock may be off by', () => {
    const off = MESSAGING_LIMITS.timeWindowMs
    expect(inject(seal(alice, content({ timeMs: clock.now() - off - 1 })))).toEqual(['time'])
    expect(inject(seal(alice, content({ timeMs: clock.now() + off + 1 })))).toEqual(['time'])
    expect(inject(seal(alice, content({ timeMs: clock.now() - off })))).toEqual([])
    expect(inject(seal(alice, content({ timeMs: clock.now() + off })))).toEqual([])
    expect(heard.length).toBe(2)
  })

  test('takes a datagram once, for as long as its time would be accepted', async () => {
    const off = MESSAGING_LIMITS.timeWindowMs
    // late in the life of what is remembered, so that it turns over in between
    await clock.advance(2 * off - 1)
    const datagram = seal(alice, content({ timeMs: clock.now() + off }))
    expect(inject(datagram)).toEqual([])
    for (const waitMs of [1, off, off - 2]) {
      await clock.advance(waitMs)
      expect(inject(datagram)).toEqual(['repeated'])
    }
    await clock.advance(10 * off)
    expect(inject(datagram)).not.toEqual([])
    expect(heard.length).toBe(1)
  })

  test('a changed copy neither gets in nor keeps the true one out', () => {
    const datagram = seal(alice, content())
    const stop = messengers.bob.favour(alice.id)
    for (let at = 0; at < datagram.length; at += 5) {
      const changed = Uint8Array.from(datagram)
      changed[at] = (changed[at] ?? 0) ^ 1
      const [reason] = inject(changed)
      expect(reason, `byte ${at}`).toBe(at === 0 ? 'size' : at <= 20 ? 'unregistered' : 'undecryptable')
    }
    expect(heard).toEqual([])
    expect(inject(datagram)).toEqual([])
    expect(heard.length).toBe(1)
    stop()
  })

  test('strangers that flood do not keep a peer from being heard', async () => {
    const stop = messengers.bob.favour(alice.id)
    let rejectedBeforeDecryption = 0
    for (let count = 0; count < 300; count++) {
      const noise = randomFillSync(new Uint8Array(400))
      if (inject(joinDatagram(mallory.id, noise)).includes('rate')) rejectedBeforeDecryption += 1
    }
    expect(rejectedBeforeDecryption).toBe(300 - MESSAGING_LIMITS.stranger.burst)
    expect(inject(seal(mallory, content({ sender: mallory.id })))).toEqual(['rate'])
    expect(inject(seal(alice, content()))).toEqual([])
    expect(heard.map((message) => message.sender)).toEqual([alice.id])
    await clock.advance(60_000)
    expect(inject(seal(mallory, content({ sender: mallory.id })))).toEqual([])
    stop()
  })

  test('all strangers together have a limit too', () => {
    let taken = 0
    for (let count = 0; count < 100; count++) {
      const one = createTestIdentity()
      registry.register(one)
      if (!inject(joinDatagram(one.id, new Uint8Array(400))).includes('rate')) taken += 1
    }
    expect(taken).toBe(MESSAGING_LIMITS.strangers.burst)
  })

  test('a limit filled under the name of a peer is the only harm a false sender does', () => {
    const stop = messengers.bob.favour(alice.id)
    let limited = 0
    for (let count = 0; count < MESSAGING_LIMITS.peer.burst + 10; count++) {
      if (inject(joinDatagram(alice.id, new Uint8Array(400))).includes('rate')) limited += 1
    }
    expect(limited).toBe(10)
    expect(heard).toEqual([])
    stop()
  })

  test('sending to nobody, over nothing, does nothing', async () => {
    const { sender: _sender, timeMs: _timeMs, ...message } = content()
    await messengers.alice.send({ ...message, recipient: stranger.id }, messengers.bob.contacts())
    await messengers.alice.send(message, [{ channel: 'carrier-pigeon', address: 'roof' }])
    await messengers.alice.send(message, [])
    await clock.advance(10)
    expect(heard).toEqual([])
  })
})
