import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { audienceOf, inboxTopic, proveLogin } from '../messaging/broker-login.ts'
import { createMqttChannel } from '../messaging/channels/mqtt.ts'
import { type ChannelHarness, channelCompliance } from '../testing/channel-compliance.ts'
import { createMemoryRegistry, createTestIdentity, type MemoryRegistry } from '../testing/memory-registry.ts'
import { startBrokerGate, writeMosquittoConfig } from './broker-gate.ts'

const MOSQUITTO = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'].find(existsSync)
const chainId = 31_337n

async function startMosquitto(): Promise<ChannelHarness & { registry: MemoryRegistry; url: string; output(): string }> {
  const directory = await mkdtemp(join(tmpdir(), 'mosquitto-'))
  const { configFile, upstream } = await writeMosquittoConfig({ directory, user: userInfo().username })
  let output = ''
  const run = async (): Promise<ChildProcess> => {
    const child = spawn(MOSQUITTO ?? '', ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    await reachable(upstream, () => output)
    return child
  }
  const end = (child: ChildProcess) =>
    new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    })
  let child = await run()
  const registry = createMemoryRegistry()
  const gate = await startBrokerGate({ host: '127.0.0.1', port: 0, upstream, registry, chainId, log: silentLogger })
  return {
    registry,
    url: gate.url,
    output: () => output,
    async create() {
      const identity = createTestIdentity()
      registry.register(identity)
      const channel = createMqttChannel(
        { identity, chainId, clock: systemClock, log: silentLogger },
        { brokers: [gate.url], timing: { backoffMs: 50, backoffMaxMs: 200 } },
      )
      return { id: identity.id, channel }
    },
    async interrupt() {
      await end(child)
      child = await run()
    },
    async stop() {
      await gate.stop()
      await end(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Until the broker answers on its socket: there is no event for that, so it is asked every 20 ms. */
async function reachable(upstream: { path: string } | { host: string; port: number }, output: () => string) {
  for (let attempt = 0; attempt < 250; attempt++) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connectTcp(upstream)
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`Mosquitto does not start: ${output()}`)
}

describe.skipIf(MOSQUITTO === undefined)('behind the gate [needs mosquitto]', () => {
  channelCompliance('mqtt over Mosquitto', startMosquitto)

  test('Mosquitto shows and gives nobody anything but the own inbox', async () => {
    const broker = await startMosquitto()
    onTestFinished(() => broker.stop())
    const [alice, bob] = [createTestIdentity(), createTestIdentity()]
    broker.registry.register(alice)
    broker.registry.register(bob)
    const connect = async (identity: typeof alice) => {
      const proof = proveLogin(identity, { chainId, audience: audienceOf(broker.url), nowMs: Date.now() })
      const client = await mqtt.connectAsync(broker.url, { ...proof, protocolVersion: 4, reconnectPeriod: 0 })
      client.on('error', () => undefined)
      return client
    }
    const spy = await connect(alice)
    const overheard: string[] = []
    spy.on('message', (topic) => void overheard.push(topic))
    // Mosquitto grants any subscription and then delivers only what may be read
    for (const topic of [inboxTopic(bob.id), 'myst/inbox/+', '#', '$SYS/#']) {
      await new Promise<void>((resolve) => spy.subscribe(topic, { qos: 0 }, () => resolve()))
    }
    const receiver = await connect(bob)
    await receiver.subscribeAsync(inboxTopic(bob.id), { qos: 0 })
    const heard = new Promise<string>((resolve) => receiver.once('message', (_topic, body) => resolve(body.toString())))
    await spy.publishAsync(inboxTopic(bob.id), 'for bob')
    expect(await heard).toBe('for bob')
    const own = new Promise<string>((resolve) => spy.once('message', (topic) => resolve(topic)))
    await receiver.publishAsync(inboxTopic(alice.id), 'for alice')
    expect(await own).toBe(inboxTopic(alice.id))
    expect(new Set(overheard)).toEqual(new Set([inboxTopic(alice.id)]))

    // who breaks the rules of the gate is shut out
    for (const options of [{ retain: true }, { qos: 1 as const }]) {
      const client = await connect(bob)
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      client.publish(inboxTopic(alice.id), 'x', options)
      await closed
    }
    await spy.endAsync(true)
  })

  test('nobody comes in without a proof, and nobody twice with the same', async () => {
    const broker = await startMosquitto()
    onTestFinished(() => broker.stop())
    const [alice, bob] = [createTestIdentity(), createTestIdentity()]
    broker.registry.register(alice)
    const prove = () => proveLogin(alice, { chainId, audience: audienceOf(broker.url), nowMs: Date.now() })
    const attempt = async (options: mqtt.IClientOptions) => {
      const client = mqtt.connect(broker.url, { protocolVersion: 4, reconnectPeriod: 0, ...options })
      client.on('error', () => undefined)
      const result = await new Promise<string>((resolve) => {
        client.once('connect', () => resolve('in'))
        client.once('close', () => resolve('refused'))
      })
      await client.endAsync(true)
      return result
    }
    const spent = prove()
    expect(await attempt(spent)).toBe('in')
    expect(await attempt(spent)).toBe('refused')
    expect(await attempt({})).toBe('refused')
    expect(await attempt({ username: alice.id })).toBe('refused')
    expect(await attempt({ ...prove(), username: bob.id })).toBe('refused')
    expect(await attempt({ ...prove(), clean: false })).toBe('refused')
    expect(await attempt({ ...prove(), clientId: 'other' })).toBe('refused')
    expect(await attempt({ ...prove(), password: 'A'.repeat(5_000) })).toBe('refused')
    expect(await attempt(prove())).toBe('in')
  })
})
