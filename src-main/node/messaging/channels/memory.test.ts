import { expect, test } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { channelCompliance } from '../../testing/channel-compliance.ts'
import { createManualClock } from '../../testing/manual-clock.ts'
import { createTestIdentity } from '../../testing/memory-registry.ts'
import { createMemoryNetwork, type Weather } from './memory.ts'

channelCompliance('memory', async () => {
  const network = createMemoryNetwork({ clock: systemClock })
  const ids: `0x${string}`[] = []
  return {
    async create() {
      const { id } = createTestIdentity()
      ids.push(id)
      return { id, channel: network.channel(id) }
    },
    async interrupt() {
      for (const id of ids) network.cut(id, true)
      for (const id of ids) network.cut(id, false)
    },
    stop: async () => undefined,
  }
})

async function sendThousand(weather: Partial<Weather>, seed: number) {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock, seed, weather: { delayMs: 10, ...weather } })
  const [a, b] = [network.channel('0xaa'), network.channel('0xbb')]
  await a.start()
  await b.start()
  const order: number[] = []
  b.onDatagram((datagram) => void order.push(Buffer.from(datagram).readUInt16BE()))
  for (let number = 0; number < 1_000; number++) {
    const datagram = Buffer.alloc(2)
    datagram.writeUInt16BE(number)
    await a.send('0xbb', '', datagram)
  }
  await clock.advance(1_000)
  return order
}

test('the memory channel makes the weather it is told to, the same for the same seed', async () => {
  const fair = await sendThousand({}, 1)
  expect(fair).toEqual([...Array(1_000).keys()])
  const lossy = await sendThousand({ loss: 0.3 }, 1)
  expect(lossy.length).toBeGreaterThan(620)
  expect(lossy.length).toBeLessThan(780)
  expect(await sendThousand({ loss: 0.3 }, 1)).toEqual(lossy)
  expect(await sendThousand({ loss: 0.3 }, 2)).not.toEqual(lossy)
  expect((await sendThousand({ duplication: 0.5 }, 1)).length).toBeGreaterThan(1_400)
  const shuffled = await sendThousand({ reorder: 0.5, jitterMs: 100 }, 1)
  expect(shuffled).not.toEqual(fair)
  expect([...shuffled].sort((x, y) => x - y)).toEqual(fair)
})
