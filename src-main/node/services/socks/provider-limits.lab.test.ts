import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { ProviderOptions } from '../../ports/service-type.ts'
import { createDestinationPolicy } from '../destination-policy.ts'
import { createSocks, type SocksDeps } from './create-socks.ts'

const ID = '0x00000000000000000000000000000000000000aa'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

type Destination = { address: string; port: number; received: () => number; sockets: Set<Socket> }

/** Takes everything, and pours without end for whoever asks with a "D". */
async function destination(host = '127.0.0.1'): Promise<Destination> {
  const sockets = new Set<Socket>()
  let received = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    const pour = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
    }
    socket.once('data', (first: Buffer) => {
      if (first.toString()[0] === 'D') pour()
    })
    socket.on('drain', pour).on('data', (chunk: Buffer) => {
      received += chunk.length
    })
  })
  server.listen(0, host)
  await once(server, 'listening')
  cleanups.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { address: host, port: (server.address() as AddressInfo).port, received: () => received, sockets }
}

/** A provider on loopback and its customers, the dialogue between them replaced by handing the data over. */
async function provide(options: Partial<ProviderOptions>, deps: Partial<SocksDeps> = {}) {
  const socks = createSocks({ log: silentLogger, clock: systemClock, listen: { host: '127.0.0.1' }, ...deps })
  const here = { dataDir: '/nonexistent', publicAddress: '127.0.0.1', maxSessions: 9 }
  const provider = await socks.startProvider({ ...here, ...options })
  cleanups.push(() => provider.stop())
  return {
    provider,
    async consume(sessionId: string): Promise<number> {
      const consumer = await socks.createConsumer({ controlEndpoints: [] })
      cleanups.push(() => consumer.stop())
      const data = await provider.admit(sessionId, ID, consumer.request())
      return (await consumer.start(data, new AbortController().signal)).socksPort ?? 0
    },
  }
}

/** A SOCKS5 client as small as can be. */
async function dial(socksPort: number, host: string, port: number): Promise<{ code: number; socket: Socket }> {
  const socket = connect({ port: socksPort, host: '127.0.0.1' }).on('error', () => undefined)
  cleanups.push(() => socket.destroy())
  const answered = async (count: number): Promise<Buffer> => {
    for (;;) {
      const bytes: Buffer | null = socket.read(count)
      if (bytes?.length === count) return bytes
      if (bytes || socket.readableEnded || socket.destroyed) throw new Error('ended early')
      await Promise.race([once(socket, 'readable'), once(socket, 'close')])
    }
  }
  socket.write(Buffer.of(5, 1, 0))
  await answered(2)
  const address = host.includes(':')
    ? Buffer.concat([Buffer.of(4), sixteenBytes(host)])
    : /^[\d.]+$/.test(host)
      ? Buffer.from([1, ...host.split('.').map(Number)])
      : Buffer.concat([Buffer.of(3, host.length), Buffer.from(host)])
  socket.write(Buffer.concat([Buffer.of(5, 1, 0), address, Buffer.of(port >> 8, port & 0xff)]))
  return { code: (await answered(10))[1] ?? -1, socket }
}

function sixteenBytes(address: string): Buffer {
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => text.split(':').filter(Boolean)
  const [first, last] = [groups(head), groups(tail)]
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function pour(socket: Socket): void {
  const more = () => {
    while (!socket.destroyed && socket.write(Buffer.alloc(16_384, 'U')));
  }
  socket.on('drain', more)
  more()
}

describe('what a SOCKS provider limits', () => {
  /** Mbit/s of all bytes that pass in four seconds, once the first burst is over. */
  async function rate(socksPorts: number[], direction: 'U' | 'D'): Promise<number> {
    const server = await allowed
    let down = 0
    const sockets: Socket[] = []
    for (const port of socksPorts.flatMap((one) => [one, one, one])) {
      const { code, socket } = await dial(port, server.address, server.port)
      expect(code).toBe(0)
      sockets.push(socket)
      socket.on('data', (chunk: Buffer) => {
        down += chunk.length
      })
      if (direction === 'U') pour(socket)
      else socket.write('D')
    }
    const passed = () => (direction === 'U' ? server.received() : down)
    await delay(1_500)
    const [before, startedAt] = [passed(), performance.now()]
    await delay(4_000)
    const [after, endedAt] = [passed(), performance.now()]
    for (const socket of sockets) socket.resetAndDestroy()
    return ((after - before) * 8) / (endedAt - startedAt) / 1_000
  }
  let allowed: Promise<Destination>
  const policyFor = ({ address, port }: Destination) => createDestinationPolicy({ allow: [{ address, port }] })

  test.each([8, 20])(
    'gives a session %d Mbit/s and no more, each way',
    async (bandwidthMbps) => {
      allowed = destination()
      const { consume } = await provide({ bandwidthMbps }, { policy: policyFor(await allowed) })
      const port = await consume('one')
      for (const direction of ['D', 'U'] as const) {
        const mbps = await rate([port], direction)
        expect(Math.abs(mbps / bandwidthMbps - 1), `${direction}: ${mbps}`).toBeLessThan(0.05)
      }
    },
    30_000,
  )

  test.each([8, 20])(
    'gives all sessions together %d Mbit/s and no more, each way',
    async (totalBandwidthMbps) => {
      allowed = destination()
      const limits = { totalBandwidthMbps, bandwidthMbps: totalBandwidthMbps * 0.75 }
      const { consume, provider } = await provide(limits, { policy: policyFor(await allowed) })
      const ports = [await consume('one'), await consume('two')]
      for (const direction of ['D', 'U'] as const) {
        const mbps = await rate(ports, direction)
        expect(Math.abs(mbps / totalBandwidthMbps - 1), `${direction}: ${mbps}`).toBeLessThan(0.05)
      }
      // Nobody is starved, although each may have most of it alone.
      const [one, two] = ['one', 'two'].map((id) =>
        Number(provider.traffic(id).bytesDown + provider.traffic(id).bytesUp),
      )
      expect(Math.abs((one ?? 0) / (two ?? 1) - 1)).toBeLessThan(0.4)
    },
    30_000,
  )

  test('lets a session hold so many connections and no more, and no other pays for it', async () => {
    const server = await destination()
    const { consume } = await provide({ maxConnections: 20 }, { policy: policyFor(server) })
    const [mine, others] = [await consume('one'), await consume('two')]
    const codes = async (port: number, count: number) => {
      const dialled = await Promise.all(Array.from({ length: count }, () => dial(port, server.address, server.port)))
      return {
        stand: dialled.filter(({ code }) => code === 0),
        refused: dialled.filter(({ code }) => code === 1).length,
      }
    }
    const first = await codes(mine, 30)
    expect([first.stand.length, first.refused]).toEqual([20, 10])
    expect((await codes(others, 15)).stand.length).toBe(15)
    // What was closed makes room again.
    for (const { socket } of first.stand) socket.resetAndDestroy()
    while (server.sockets.size > 15) await delay(10)
    expect((await codes(mine, 15)).stand.length).toBe(15)
  }, 30_000)

  test('lets a session open so many connections per second and no more', async () => {
    const server = await destination()
    const { consume } = await provide({ newConnectionsPerSecond: 10 }, { policy: policyFor(server) })
    const port = await consume('one')
    const startedAt = performance.now()
    const dialled = await Promise.all(Array.from({ length: 60 }, () => dial(port, server.address, server.port)))
    const stand = dialled.filter(({ code }) => code === 0).length
    const seconds = (performance.now() - startedAt) / 1_000
    expect(stand).toBeGreaterThanOrEqual(20)
    expect(stand).toBeLessThanOrEqual(21 + 10 * seconds)
  })

  test('closes the mail ports until they are opened, and opens nothing else with them', async () => {
    const connected: string[] = []
    const to = async (allowMail: boolean, host: string, port: number) => {
      const server = await destination()
      const { consume } = await provide(
        { allowMail },
        {
          policy: createDestinationPolicy({ ownNetworks: () => [] }),
          connect(address, asked) {
            connected.push(`${address}:${asked}`)
            return connect({ host: server.address, port: server.port, allowHalfOpen: true })
          },
        },
      )
      return (await dial(await consume('one'), host, port)).code
    }
    for (const port of [25, 465, 587]) expect(await to(false, '203.0.113.9', port)).toBe(2)
    expect(connected).toEqual([])
    for (const port of [25, 465, 587]) expect(await to(true, '203.0.113.9', port)).toBe(0)
    expect(connected).toEqual(['203.0.113.9:25', '203.0.113.9:465', '203.0.113.9:587'])
    expect(await to(true, '192.168.1.9', 25)).toBe(2)
  })

  test('keeps its own addresses and networks out of reach, by address and by name', async () => {
    const [four, six] = [await destination('0.0.0.0'), await destination('::')]
    const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses
        .filter(({ address }) => !address.startsWith('fe80:'))
        .map(({ address, family }) => ({ address, family })),
    )
    expect(own.length).toBeGreaterThan(0)
    const names = new Map<string, string[]>()
    const mapped = own.filter(({ family }) => family === 'IPv4').map(({ address }) => `::ffff:${address}`)
    const closed = [
      ...[...own.map(({ address }) => address), ...mapped, '0.0.0.0', '::', '::1', '127.0.0.1', '127.8.8.8'],
      ...['10.1.2.3', '169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', '224.0.0.1'],
      ...['fd00:ec2::254', 'fe80::1', 'ff02::1', 'fec0::1', '2002:7f00:1::1', '64:ff9b::7f00:1', '::7f00:1'],
    ]
    const { consume, provider } = await provide({}, { resolve: async (name) => names.get(name) ?? [] })
    const port = await consume('one')
    for (const [index, target] of closed.entries()) {
      const at = target.includes(':') && !target.startsWith('::ffff') ? six.port : four.port
      const isThere = own.some(({ address }) => address === target) || target === '127.0.0.1'
      if (isThere) await once(connect({ host: target, port: at }).unref(), 'connect')
      expect((await dial(port, target, at)).code, target).toBe(2)
      const name = `name-${index}.example`
      names.set(name, [target])
      expect((await dial(port, name, at)).code, `a name of ${target}`).toBe(2)
    }
    expect(provider.traffic('one')).toEqual({ bytesUp: 0n, bytesDown: 0n })
  }, 30_000)
})

describe('a session that ends', () => {
  test.each([
    ['D', 'end'],
    ['U', 'end'],
    ['D', 'stop'],
    ['U', 'stop'],
  ] as const)(
    'loses its traffic (%s) within a second: %s',
    async (direction, how) => {
      const server = await destination()
      const policy = createDestinationPolicy({ allow: [server] })
      const { consume, provider } = await provide({ bandwidthMbps: 40 }, { policy })
      const port = await consume('one')
      let down = 0
      for (let n = 0; n < 5; n++) {
        const { socket } = await dial(port, server.address, server.port)
        socket.on('data', (chunk: Buffer) => {
          down += chunk.length
        })
        if (direction === 'U') pour(socket)
        else socket.write('D')
      }
      const passed = () => (direction === 'U' ? server.received() : down)
      const seen = passed()
      while (passed() < seen + 500_000) await delay(10)
      await (how === 'end' ? provider.end('one') : provider.stop())
      await delay(1_000)
      const atTheEnd = passed()
      expect(server.sockets.size).toBe(0)
      await delay(500)
      expect(passed()).toBe(atTheEnd)
    },
    30_000,
  )
})
