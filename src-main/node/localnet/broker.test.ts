import { connect as connectTcp } from 'node:net'
import mqtt from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { audienceOf, inboxTopic, proveLogin } from '../messaging/broker-login.ts'
import { createMqttChannel } from '../messaging/channels/mqtt.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { type ChannelHarness, channelCompliance } from '../testing/channel-compliance.ts'
import { createMemoryRegistry, createTestIdentity } from '../testing/memory-registry.ts'
import { startBroker } from './broker.ts'

const chainId = 31_337n

async function startEmbedded(): Promise<ChannelHarness> {
  const registry = createMemoryRegistry()
  const options = { host: '127.0.0.1', registry, chainId, log: silentLogger }
  let broker = await startBroker({ ...options, port: 0 })
  return {
    async create() {
      const identity = createTestIdentity()
      registry.register(identity)
      const channel = createMqttChannel(
        { identity, chainId, clock: systemClock, log: silentLogger },
        // the first address leads nowhere: one that works is found all the same
        { brokers: ['mqtt://127.0.0.1:1', broker.url], timing: { backoffMs: 20, backoffMaxMs: 200 } },
      )
      return { id: identity.id, channel }
    },
    async interrupt() {
      const port = Number(new URL(broker.url).port)
      await broker.stop()
      broker = await startBroker({ ...options, port })
    },
    stop: () => broker.stop(),
  }
}

channelCompliance('mqtt over the embedded broker', startEmbedded)

describe('the embedded broker', () => {
  const registry = createMemoryRegistry()
  const alice = createTestIdentity()
  const bob = createTestIdentity()
  registry.register(alice)
  registry.register(bob)
  const local = { host: '127.0.0.1', port: 0, registry, chainId, log: silentLogger }
  let broker: Awaited<ReturnType<typeof startBroker>>
  const clients: mqtt.MqttClient[] = []
  beforeEach(async () => {
    broker = await startBroker(local)
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true)
    await broker.stop()
  })

  const prove = (identity: UnlockedIdentity, change: Partial<Parameters<typeof proveLogin>[1]> = {}) =>
    proveLogin(identity, { chainId, audience: audienceOf(broker.url), nowMs: Date.now(), ...change })

  async function connect(options: mqtt.IClientOptions): Promise<mqtt.MqttClient> {
    const client = mqtt.connect(broker.url, { protocolVersion: 4, reconnectPeriod: 0, ...options })
    clients.push(client)
    client.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve())
      client.once('close', () => reject(new Error('refused')))
    })
    return client
  }
  const closed = (client: mqtt.MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()))

  test('says that its port is in use', async () => {
    const port = Number(new URL(broker.url).port)
    await expect(startBroker({ ...local, port })).rejects.toMatchObject({
      name: 'PortInUse',
      details: { port },
    })
  })

  test('lets in only who proves possession of a registered identity, here and now', async () => {
    await connect(prove(alice))
    const stranger = createTestIdentity()
    const spent = prove(alice)
    await connect(spent)
    const bad: Record<string, mqtt.IClientOptions> = {
      'no proof': {},
      'not registered': prove(stranger),
      "another's name": { ...prove(alice), username: bob.id },
      'upper case': { ...prove(alice), username: alice.id.toUpperCase().replace('X', 'x') },
      "another's client id": { ...prove(alice), clientId: bob.id.slice(2, 25) },
      'the same proof again': spent,
      'for another chain': prove(alice, { chainId: 1n }),
      'for another broker': prove(alice, { audience: 'broker.example:1883' }),
      'too old': prove(alice, { nowMs: Date.now() - 300_000 }),
      'too new': prove(alice, { nowMs: Date.now() + 300_000 }),
      'not base64': { ...prove(alice), password: '%%%' },
      'very long': { ...prove(alice), password: 'A'.repeat(1_500) },
      'too long to be read': { ...prove(alice), password: 'A'.repeat(60_000) },
      'with a will': {
        ...prove(alice),
        will: { topic: inboxTopic(bob.id), payload: Buffer.from('x'), qos: 0, retain: false },
      },
      'with a session': { ...prove(alice), clean: false },
      'MQTT 5': { ...prove(alice), protocolVersion: 5 },
    }
    for (const [name, options] of Object.entries(bad)) {
      await expect(connect(options), name).rejects.toThrow('refused')
    }
    await connect(prove(bob))
  })

  test('gives nobody anything but the own inbox', async () => {
    const client = await connect(prove(alice))
    for (const topic of [inboxTopic(bob.id), 'myst/inbox/+', '#', '$SYS/#', 'myst/inbox/#', 'other']) {
      await expect(client.subscribeAsync(topic, { qos: 0 }), topic).rejects.toThrow()
    }
    const granted = await client.subscribeAsync(inboxTopic(alice.id), { qos: 0 })
    expect(granted[0]?.qos).toBe(0)
  })

  test.each([
    ['another topic', 'other', 'x', {}],
    ['a broker topic', '$SYS/x', 'x', {}],
    ['an inbox below an inbox', `${inboxTopic(bob.id)}/x`, 'x', {}],
    ['something to be kept', inboxTopic(bob.id), 'x', { retain: true }],
    ['something to be acknowledged', inboxTopic(bob.id), 'x', { qos: 1 as const }],
    ['too much', inboxTopic(bob.id), 'x'.repeat(20_000), {}],
  ])('shuts out who publishes %s', async (_name, topic, payload, options) => {
    const receiver = await connect(prove(bob))
    const heard: string[] = []
    receiver.on('message', (_topic, message) => void heard.push(message.toString()))
    await receiver.subscribeAsync(inboxTopic(bob.id), { qos: 0 })
    const client = await connect(prove(alice))
    const end = closed(client)
    client.publish(topic, payload, options)
    await end
    const again = await connect(prove(alice))
    const arrived = new Promise((resolve) => receiver.once('message', resolve))
    await again.publishAsync(inboxTopic(bob.id), 'fine')
    await arrived
    expect(heard).toEqual(['fine'])
  })

  test('shuts out who says nothing', async () => {
    const quick = await startBroker({ ...local, limits: { loginMs: 100 } })
    const silent = connectTcp(Number(new URL(quick.url).port), '127.0.0.1')
    await new Promise<void>((resolve) => silent.once('close', () => resolve()))
    await quick.stop()
  })

  test('shuts out who floods', async () => {
    const strict = await startBroker({ ...local, limits: { packets: { perSecond: 1, burst: 20 } } })
    const proof = proveLogin(alice, { chainId, audience: audienceOf(strict.url), nowMs: Date.now() })
    const client = await mqtt.connectAsync(strict.url, { ...proof, protocolVersion: 4, reconnectPeriod: 0 })
    clients.push(client)
    client.on('error', () => undefined)
    const end = closed(client)
    for (let count = 0; count < 50; count++) client.publish(inboxTopic(bob.id), 'x')
    await end
    await strict.stop()
  })

  test('limits connections and bytes of nonsense', async () => {
    const small = await startBroker({ ...local, limits: { connectionsPerAddress: 2 } })
    const port = Number(new URL(small.url).port)
    const sockets = [connectTcp(port, '127.0.0.1'), connectTcp(port, '127.0.0.1')]
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.once('connect', () => resolve()))))
    const third = connectTcp(port, '127.0.0.1')
    third.on('error', () => undefined)
    await new Promise<void>((resolve) => third.once('close', () => resolve()))
    for (const [at, bytes] of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]),
    ].entries()) {
      const socket = sockets[at]
      socket?.on('error', () => undefined)
      const end = new Promise<void>((resolve) => socket?.once('close', () => resolve()))
      socket?.write(bytes)
      await end
    }
    await small.stop()
  })

  test('a new connection of an identity takes the place of the old one', async () => {
    const first = await connect(prove(alice))
    const end = closed(first)
    await connect(prove(alice))
    await end
  })
})
