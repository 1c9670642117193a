import { afterEach, expect, test } from 'vitest'
import { createDialogues } from '../../dialogue/dialogues.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { startBroker } from '../../localnet/broker.ts'
import type { Dialogue } from '../../ports/dialogue.ts'
import type { UnlockedIdentity } from '../../ports/identity.ts'
import { createMemoryRegistry, createTestIdentity } from '../../testing/memory-registry.ts'
import { createMessenger } from '../messenger.ts'
import { createMqttChannel } from './mqtt.ts'

// What every channel must do is in localnet/broker.test.ts and broker-gate.lab.test.ts, where the brokers are.

const chainId = 31_337n
const clock = systemClock
const log = silentLogger
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const becomes = (channel: ReturnType<typeof createMqttChannel>, value: boolean) =>
  new Promise<void>((resolve) => {
    if (channel.online === value) return resolve()
    const unsubscribe = channel.onOnline((online) => {
      if (online !== value) return
      unsubscribe()
      resolve()
    })
  })

async function startNode(
  identity: UnlockedIdentity,
  registry: ReturnType<typeof createMemoryRegistry>,
  broker: string,
) {
  const channel = createMqttChannel(
    { identity, chainId, clock, log },
    { brokers: [broker], timing: { backoffMs: 20, backoffMaxMs: 100 } },
  )
  const messenger = createMessenger({ identity, registry, channels: [channel], chainId, clock, log })
  const dialogues = createDialogues({ messenger, registry, clock, log })
  await channel.start()
  stops.push(async () => {
    await dialogues.stop()
    messenger.stop()
    await channel.stop()
  })
  return { channel, dialogues, messenger }
}

test('a dialogue over a real broker outlives a restart of the broker', async () => {
  const [alice, bob] = [createTestIdentity(), createTestIdentity()]
  const registry = createMemoryRegistry(alice, bob)
  const options = { host: '127.0.0.1', registry, chainId, log }
  let broker = await startBroker({ ...options, port: 0 })
  stops.push(() => broker.stop())
  const a = await startNode(alice, registry, broker.url)
  const b = await startNode(bob, registry, broker.url)
  await Promise.all([becomes(a.channel, true), becomes(b.channel, true)])

  const incoming = new Promise<Dialogue>((resolve) => b.dialogues.onIncoming(resolve))
  const dialogue = await a.dialogues.open(bob.id, b.messenger.contacts())
  const other = await incoming
  other.handle('echo', (body) => ({ type: 'echoed', body }))
  const long = 'x'.repeat(50_000)
  expect(await dialogue.request('echo', long)).toEqual({ type: 'echoed', body: long })

  const down = Promise.all([becomes(a.channel, false), becomes(b.channel, false)])
  await broker.stop()
  await down
  const asked = dialogue.request('echo', 'after all')
  broker = await startBroker({ ...options, port: Number(new URL(broker.url).port) })
  expect(await asked).toEqual({ type: 'echoed', body: 'after all' })
  expect(dialogue.state).toBe('open')
})

test('gets in as soon as the identity is registered, and not before', async () => {
  const alice = createTestIdentity()
  const registry = createMemoryRegistry()
  let refused: () => void = () => undefined
  const wasRefused = new Promise<void>((resolve) => {
    refused = resolve
  })
  const broker = await startBroker({
    host: '127.0.0.1',
    port: 0,
    registry: {
      ...registry,
      publicKey(id) {
        const key = registry.publicKey(id)
        if (!key) refused()
        return key
      },
    },
    chainId,
    log,
  })
  stops.push(() => broker.stop())
  const { channel } = await startNode(alice, registry, broker.url)
  await wasRefused
  expect(channel.online).toBe(false)
  registry.register(alice)
  await becomes(channel, true)
})

test('does not take an address that is none', () => {
  expect(() =>
    createMqttChannel({ identity: createTestIdentity(), chainId, clock, log }, { brokers: ['not an address'] }),
  ).toThrow()
})
