import { randomFillSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Channel } from '../ports/channel.ts'
import { MAX_ADDRESS_LENGTH } from '../protocol/limits.ts'

export type ChannelHarness = {
  /** A channel, not started, of a fresh identity that may use the network. */
  create(): Promise<{ id: IdentityId; channel: Channel }>
  /** Breaks all connections for a moment; the channels shall come back by themselves. */
  interrupt?(): Promise<void>
  stop(): Promise<void>
}

/** What every channel must do (whitepaper 6.6), in fair weather. */
export function channelCompliance(name: string, start: () => Promise<ChannelHarness>): void {
  describe(`channel: ${name}`, () => {
    let harness: ChannelHarness
    const channels: Channel[] = []
    beforeEach(async () => {
      harness = await start()
    })
    afterEach(async () => {
      for (const channel of channels.splice(0)) await channel.stop()
      await harness.stop()
    })

    async function online() {
      const { id, channel } = await harness.create()
      channels.push(channel)
      const up = becomes(channel, true)
      await channel.start()
      await up
      return { id, channel }
    }

    test('says when it can send and when it cannot any more', async () => {
      const { channel } = await online()
      const told: boolean[] = []
      channel.onOnline((value) => void told.push(value))
      await channel.stop()
      expect(channel.online).toBe(false)
      const up = becomes(channel, true)
      await channel.start()
      await up
      expect(told).toEqual([false, true])
    })

    test('carries datagrams up to the largest, unchanged, to the one addressed', async () => {
      const [a, b, c] = [await online(), await online(), await online()]
      const strayed: Uint8Array[] = []
      a.channel.onDatagram((datagram) => void strayed.push(datagram))
      c.channel.onDatagram((datagram) => void strayed.push(datagram))
      for (const size of [1, 1_000, a.channel.maxDatagram]) {
        const sent = randomFillSync(new Uint8Array(size))
        const received = next(b.channel)
        await a.channel.send(b.id, b.channel.contact(), sent)
        const datagram = await received
        expect(Buffer.compare(datagram, sent)).toBe(0)
      }
      expect(strayed).toEqual([])
    })

    test('carries in both directions, and to oneself', async () => {
      const [a, b] = [await online(), await online()]
      for (const [from, to] of [
        [a, b],
        [b, a],
        [a, a],
      ] as const) {
        const received = next(to.channel)
        await from.channel.send(to.id, to.channel.contact(), Uint8Array.of(7))
        expect([...(await received)]).toEqual([7])
      }
    })

    test('refuses what is too large', async () => {
      const [a, b] = [await online(), await online()]
      const large = new Uint8Array(a.channel.maxDatagram + 1)
      await expect(a.channel.send(b.id, b.channel.contact(), large)).rejects.toMatchObject({ name: 'DatagramTooLarge' })
    })

    test('does not mind a peer that is not there, nor an address that makes no sense', async () => {
      const [a, b] = [await online(), await online()]
      await a.channel.send(`0x${'ab'.repeat(20)}`, 'myst/inbox/#', Uint8Array.of(1))
      const received = next(b.channel)
      await a.channel.send(b.id, b.channel.contact(), Uint8Array.of(2))
      expect([...(await received)]).toEqual([2])
    })

    test('neither throws nor sends when it is stopped, and delivers nothing to who has unsubscribed', async () => {
      const [a, b] = [await online(), await online()]
      const heard: Uint8Array[] = []
      const unsubscribe = b.channel.onDatagram((datagram) => void heard.push(datagram))
      unsubscribe()
      await a.channel.send(b.id, b.channel.contact(), Uint8Array.of(1))
      const received = next(b.channel)
      await a.channel.send(b.id, b.channel.contact(), Uint8Array.of(2))
      await received
      await a.channel.stop()
      await a.channel.send(b.id, b.channel.contact(), Uint8Array.of(3))
      expect(heard).toEqual([])
    })

    test('has a contact that fits into a proposal', async () => {
      const { channel } = await online()
      expect(channel.contact().length).toBeGreaterThan(0)
      expect(channel.contact().length).toBeLessThanOrEqual(MAX_ADDRESS_LENGTH)
    })

    test('comes back by itself', async ({ skip }) => {
      if (!harness.interrupt) return skip('this network cannot be interrupted')
      const [a, b] = [await online(), await online()]
      const down = Promise.all([becomes(a.channel, false), becomes(b.channel, false)])
      const interrupted = harness.interrupt()
      await down
      const up = Promise.all([becomes(a.channel, true), becomes(b.channel, true)])
      await interrupted
      await up
      const received = next(b.channel)
      await a.channel.send(b.id, b.channel.contact(), Uint8Array.of(9))
      expect([...(await received)]).toEqual([9])
    })
  })
}

function becomes(channel: Channel, value: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (channel.online === value) return resolve()
    const unsubscribe = channel.onOnline((online) => {
      if (online !== value) return
      unsubscribe()
      resolve()
    })
  })
}

function next(channel: Channel): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const unsubscribe = channel.onDatagram((datagram) => {
      unsubscribe()
      resolve(datagram)
    })
  })
}
