import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket, connect as tcpConnect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { ServiceConsumer } from '../../ports/service-type.ts'
import { createDestinationPolicy } from '../destination-policy.ts'
import { createSocks, type SocksDeps } from './create-socks.ts'
import { createSessionCertificate } from './session-certificate.ts'
import type { ProviderData } from './session-data.ts'

const ID = '0x00000000000000000000000000000000000000aa'
const never = new AbortController().signal
const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function destination(
  handle: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<{ address: string; port: number }> {
  const server = createServer({ allowHalfOpen: true }, handle)
  await listening(server, host)
  return { address: host, port: (server.address() as AddressInfo).port }
}
async function listening(server: Server, host = '127.0.0.1') {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined))
  })
  server.listen(0, host)
  await once(server, 'listening')
  cleanups.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
}
const echo = (socket: Socket) => void socket.pipe(socket)

/** Both halves over loopback, the dialogue between them replaced by handing the data over. */
async function pair(
  allow: { address: string; port: number }[] = [],
  options: Partial<SocksDeps> & { bandwidthMbps?: number; publicAddress?: string } = {},
) {
  const { bandwidthMbps, publicAddress = '127.0.0.1', ...deps } = options
  const socks = createSocks({
    log: silentLogger,
    clock: systemClock,
    policy: createDestinationPolicy({ allow }),
    listen: { host: publicAddress },
    ...deps,
  })
  const provider = await socks.startProvider({
    dataDir: '/nonexistent',
    publicAddress,
    maxSessions: 3,
    ...(bandwidthMbps !== undefined && { bandwidthMbps }),
  })
  cleanups.push(() => provider.stop())
  const consume = async (sessionId: string) => {
    const consumer = await socks.createConsumer({ controlEndpoints: [] })
    cleanups.push(() => consumer.stop())
    const data = (await provider.admit(sessionId, ID, consumer.request())) as ProviderData
    const { socksPort = 0 } = await consumer.start(data, never)
    return { consumer, socksPort, data }
  }
  return { socks, provider, consume, ...(await consume('s1')) }
}

function requestOf(host: string, port: number, command = 1): Buffer {
  const kind = host.includes(':') ? 4 : /^[\d.]+$/.test(host) ? 1 : 3
  const address =
    kind === 4
      ? Buffer.concat([Buffer.alloc(15), Buffer.of(1)])
      : kind === 1
        ? Buffer.from(host.split('.').map(Number))
        : Buffer.concat([Buffer.of(host.length), Buffer.from(host)])
  return Buffer.concat([Buffer.of(5, command, 0, kind), address, Buffer.of(port >> 8, port & 0xff)])
}

/** A SOCKS5 client as small as can be. Resolves with the reply code and the socket after it. */
async function dial(
  socksPort: number,
  host: string,
  port: number,
  command = 1,
): Promise<{ code: number; socket: Socket }> {
  const socket = tcpConnect({ port: socksPort, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  cleanups.push(() => socket.destroy())
  socket.write(Buffer.of(5, 1, 0))
  expect(await exactly(socket, 2)).toEqual(Buffer.of(5, 0))
  socket.write(requestOf(host, port, command))
  return { code: (await exactly(socket, 10))[1] ?? -1, socket }
}

async function exactly(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count)
    if (bytes?.length === count) return bytes
    if (bytes || socket.readableEnded || socket.destroyed) throw new Error('ended early')
    await Promise.race([once(socket, 'readable'), once(socket, 'close')])
  }
}
async function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const closing = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('the SOCKS service', () => {
  test('carries bytes to a destination and back, counts them the same on both sides, half closes', async () => {
    const upper = await destination((socket) => {
      socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()))
      socket.on('end', () => socket.end('!'))
    })
    const { socksPort, consumer, provider } = await pair([upper])
    const { code, socket } = await dial(socksPort, upper.address, upper.port)
    expect(code).toBe(0)
    socket.end('hello')
    expect((await rest(socket)).toString()).toBe('HELLO!')
    expect(consumer.traffic()).toEqual({ bytesUp: 5n, bytesDown: 6n })
    expect(provider.traffic('s1')).toEqual({ bytesUp: 5n, bytesDown: 6n })
    expect(await provider.end('s1')).toEqual({ bytesUp: 5n, bytesDown: 6n })
  })

  test('carries 50 MB each way whole', async () => {
    const size = 50 * 1024 * 1024
    const blob = randomBytes(size)
    let arrived = ''
    const server = await destination((socket) => {
      const hash = createHash('sha256')
      socket.on('data', (chunk) => hash.update(chunk))
      socket.on('end', () => {
        arrived = hash.digest('hex')
        socket.end(blob)
      })
    })
    const { socksPort, consumer, provider } = await pair([server])
    const { socket } = await dial(socksPort, server.address, server.port)
    socket.end(blob)
    const back = await rest(socket)
    expect(arrived).toBe(sha256(blob))
    expect(sha256(back)).toBe(arrived)
    expect(consumer.traffic()).toEqual({ bytesUp: BigInt(size), bytesDown: BigInt(size) })
    expect(provider.traffic('s1')).toEqual(consumer.traffic())
  }, 60_000)

  test('many streams at once keep their bytes apart', async () => {
    const server = await destination(echo)
    const { socksPort } = await pair([server])
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const blob = randomBytes(100_000)
        const { code, socket } = await dial(socksPort, server.address, server.port)
        expect(code).toBe(0)
        socket.end(blob)
        expect(sha256(await rest(socket))).toBe(sha256(blob))
      }),
    )
  }, 30_000)

  test('a reader that does not read holds up itself and nobody else', async () => {
    let flooded = 0
    const flood = await destination((socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) flooded += 65_536
      }
      socket.on('drain', pour)
      pour()
    })
    const server = await destination(echo)
    const { socksPort, consumer } = await pair([flood, server])
    const slow = await dial(socksPort, flood.address, flood.port)
    const before = consumer.traffic().bytesDown
    for (let round = 0; round < 20; round++) {
      const blob = randomBytes(500_000)
      const { socket } = await dial(socksPort, server.address, server.port)
      socket.end(blob)
      expect(sha256(await rest(socket))).toBe(sha256(blob))
    }
    // What came for the slow reader stays within its window and the system's own buffers.
    const forSlow = consumer.traffic().bytesDown - before - 10_000_000n
    expect(forSlow).toBeLessThan(16n * 1024n * 1024n)
    expect(flooded).toBeGreaterThan(0)
    expect(slow.socket.destroyed).toBe(false)
  }, 30_000)

  test('reaches destinations over IPv6, and the provider itself over IPv6', async () => {
    const server = await destination(echo, '::1')
    const { socksPort } = await pair([server], { publicAddress: '::1' })
    const { code, socket } = await dial(socksPort, '::1', server.port)
    expect(code).toBe(0)
    socket.end('six')
    expect((await rest(socket)).toString()).toBe('six')
  })

  test('the provider resolves a name once and connects to the address it checked', async () => {
    const server = await destination(echo)
    const asked: string[] = []
    const { socksPort } = await pair([server], {
      resolve: async (name) => {
        asked.push(name)
        // A name that would turn to another place when asked again.
        return asked.length === 1 ? ['127.0.0.1'] : ['127.0.0.2']
      },
    })
    const { code, socket } = await dial(socksPort, 'rebind.example', server.port)
    expect(code).toBe(0)
    socket.end('name')
    expect((await rest(socket)).toString()).toBe('name')
    expect(asked).toEqual(['rebind.example'])
  })

  test('takes the next address when the first does not answer', async () => {
    const server = await destination(echo)
    const tried: string[] = []
    const { socksPort } = await pair([], {
      policy: createDestinationPolicy({ ownNetworks: () => [] }),
      resolve: async () => ['203.0.113.1', '2001:db8::1', '203.0.113.2'],
      connect: (address) => {
        tried.push(address)
        const socket = tcpConnect({ host: '127.0.0.1', port: server.port, allowHalfOpen: true })
        if (address !== '203.0.113.2') socket.destroy(new Error('no route'))
        return socket
      },
    })
    const { code, socket } = await dial(socksPort, 'many.example', 80)
    expect(code).toBe(0)
    socket.end('found')
    expect((await rest(socket)).toString()).toBe('found')
    expect(tried).toEqual(['2001:db8::1', '203.0.113.1', '203.0.113.2'])
  })

  test.each([
    ['127.0.0.1', 80],
    ['10.0.0.1', 80],
    ['169.254.169.254', 80],
    ['::1', 80],
    ['localhost.example', 80],
    ['mixed.example', 80],
    ['mapped.example', 80],
    ['nat64.example', 80],
    ['203.0.113.9', 25],
    ['203.0.113.9', 587],
  ])('the provider refuses %s port %d without a single connection', async (host, port) => {
    const names: Record<string, string[]> = {
      'localhost.example': ['127.0.0.1', '::1'],
      'mixed.example': ['192.168.1.1', 'fe80::1'],
      'mapped.example': ['::ffff:10.1.2.3'],
      'nat64.example': ['64:ff9b::c0a8:101'],
    }
    const connected: string[] = []
    const { socksPort } = await pair([], {
      policy: createDestinationPolicy({ ownNetworks: () => [] }),
      resolve: async (name) => names[name] ?? [],
      connect: (address) => {
        connected.push(address)
        return tcpConnect({ host: '127.0.0.1', port: 9 })
      },
    })
    expect((await dial(socksPort, host, port)).code).toBe(2)
    expect(connected).toEqual([])
  })

  test('says why: connection refused, unknown name, commands and kinds it does not know', async () => {
    const closed = await destination(() => undefined)
    await cleanups.pop()?.()
    const { socksPort } = await pair([closed], { resolve: async () => [] })
    expect((await dial(socksPort, closed.address, closed.port)).code).toBe(5)
    expect((await dial(socksPort, 'nowhere.example', 80)).code).toBe(4)
    expect((await dial(socksPort, '127.0.0.1', 80, 2)).code).toBe(7)
    expect((await dial(socksPort, '127.0.0.1', 80, 3)).code).toBe(7)
    const socket = tcpConnect({ port: socksPort, host: '127.0.0.1' })
    cleanups.push(() => socket.destroy())
    socket.write(Buffer.of(5, 2, 0, 2, 5, 1, 0, 9, 0, 0, 0, 0))
    expect((await exactly(socket, 12))[3]).toBe(8)
  })

  test.each([
    ['SOCKS4', Buffer.of(4, 1, 0, 80, 1, 1, 1, 1, 0)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['no methods', Buffer.of(5, 0)],
  ])('closes on %s without a byte of answer', async (_name, bytes) => {
    const { socksPort } = await pair()
    const socket = tcpConnect({ port: socksPort, host: '127.0.0.1' })
    socket.write(bytes)
    expect((await rest(socket).catch(() => Buffer.alloc(0))).length).toBe(0)
  })

  test('a client that insists on authentication is told that there is none', async () => {
    const { socksPort } = await pair()
    const socket = tcpConnect({ port: socksPort, host: '127.0.0.1' })
    socket.write(Buffer.of(5, 1, 2))
    expect(await rest(socket)).toEqual(Buffer.of(5, 0xff))
  })

  test('a connection that the destination cut arrives as cut, not as finished', async () => {
    const server = await destination((socket) => {
      socket.write('half of')
      socket.once('data', () => socket.resetAndDestroy())
    })
    const { socksPort } = await pair([server])
    const { socket } = await dial(socksPort, server.address, server.port)
    expect((await exactly(socket, 7)).toString()).toBe('half of')
    const code = new Promise((resolve) => socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)))
    socket.write('go')
    socket.resume()
    expect(await code).toBe('ECONNRESET')
  })

  test('a program that vanishes is gone at the destination, too', async () => {
    let gone: Promise<unknown> | undefined
    const server = await destination((socket) => {
      gone = closing(socket)
      socket.on('data', () => socket.write('.'))
    })
    const { socksPort } = await pair([server])
    const { socket } = await dial(socksPort, server.address, server.port)
    socket.write('x')
    await exactly(socket, 1)
    socket.resetAndDestroy()
    await gone
  })
})

describe('the two ends know each other', () => {
  const start = (consumer: ServiceConsumer, data: ProviderData) => consumer.start(data, never)

  test('the consumer refuses a provider with another certificate', async () => {
    const { socks, provider } = await pair()
    const consumer = await socks.createConsumer({ controlEndpoints: [] })
    const data = (await provider.admit('s2', ID, consumer.request())) as ProviderData
    const other = await createSessionCertificate(Date.now())
    await expect(start(consumer, { ...data, fingerprint: other.fingerprint })).rejects.toMatchObject({
      name: 'WrongCertificate',
    })
    await expect(consumer.fetchThrough('http://203.0.113.1/', never)).rejects.toThrow()
  })

  test.each(['another', 'no'])('the provider closes on %s certificate and tells nothing', async (kind) => {
    const { data, provider } = await pair()
    const stranger = await createSessionCertificate(Date.now())
    const socket = tlsConnect({
      host: data.address,
      port: data.port,
      rejectUnauthorized: false,
      ...(kind === 'another' && { cert: stranger.certificate, key: stranger.privateKey }),
    })
    socket.on('error', () => undefined)
    let heard = 0
    socket.on('data', (bytes) => {
      heard += bytes.length
    })
    socket.write(Buffer.of(8, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8))
    await closing(socket)
    expect(heard).toBe(0)
    expect(provider.traffic('s1')).toEqual({ bytesUp: 0n, bytesDown: 0n })
  })

  test('an older TLS is not spoken', async () => {
    const { data } = await pair()
    const socket = tlsConnect({ host: data.address, port: data.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
    await expect(once(socket, 'secureConnect')).rejects.toThrow()
  })

  test('a session has one connection, and its certificate opens nothing after its end', async () => {
    const { socks, provider } = await pair()
    const consumer = await socks.createConsumer({ controlEndpoints: [] })
    const data = (await provider.admit('s2', ID, consumer.request())) as ProviderData
    await provider.end('s2')
    await expect(start(consumer, data)).rejects.toMatchObject({ name: 'ProviderUnreachable' })
  })

  test('admits valid data only, each certificate once, and no more sessions than allowed', async () => {
    const { provider, consume } = await pair()
    for (const data of [
      undefined,
      null,
      {},
      { version: 1 },
      { version: 1, fingerprint: 'x' },
      { version: 2, fingerprint: 'a'.repeat(64) },
    ]) {
      await expect(provider.admit('bad', ID, data)).rejects.toMatchObject({ reason: 'service-data-invalid' })
    }
    const data = { version: 1, fingerprint: 'a'.repeat(64) }
    await expect(provider.admit('s1', ID, data)).rejects.toMatchObject({ reason: 'service-data-invalid' })
    await provider.admit('s2', ID, data)
    await expect(provider.admit('s3', ID, data)).rejects.toMatchObject({ reason: 'service-data-invalid' })
    await consume('s3')
    await expect(consume('s4')).rejects.toMatchObject({ reason: 'sessions-full' })
    await provider.end('s2')
    await consume('s4')
  })

  test.each([
    undefined,
    'text',
    { version: 1 },
    { version: 1, address: '127.0.0.1', port: 0, fingerprint: 'a'.repeat(64) },
    { version: 1, address: '/var/run/socket', port: 1, fingerprint: 'a'.repeat(64) },
    { version: 1, address: '-x', port: 1, fingerprint: 'a'.repeat(64) },
    { version: 1, address: '127.0.0.1', port: 1, fingerprint: 'A'.repeat(64) },
  ])('the consumer refuses session data that make no sense: %j', async (data) => {
    const { socks } = await pair()
    const consumer = await socks.createConsumer({ controlEndpoints: [] })
    await expect(consumer.start(data, never)).rejects.toMatchObject({ name: 'InvalidSessionData' })
  })
})

describe('ends', () => {
  test('`end` stops the traffic of that session within a second, and of no other', async () => {
    const server = await destination(echo)
    const { socksPort, provider, consumer, consume } = await pair([server])
    const other = await consume('s2')
    const [mine, others] = [
      await dial(socksPort, server.address, server.port),
      await dial(other.socksPort, server.address, server.port),
    ]
    const lost = new Promise<string>((resolve) => consumer.onLost(resolve))
    const providerLost: unknown[] = []
    provider.onLost((sessionId) => providerLost.push(sessionId))
    mine.socket.resume()
    const startedAt = performance.now()
    const closed = closing(mine.socket)
    await provider.end('s1')
    await closed
    expect(performance.now() - startedAt).toBeLessThan(1000)
    others.socket.end('still')
    expect((await rest(others.socket)).toString()).toBe('still')
    expect(await lost).toMatch(/lost/)
    await expect(dial(socksPort, server.address, server.port)).rejects.toThrow()
    expect(providerLost).toEqual([])
  })

  test('`end` stops a throttled stream as well', async () => {
    const server = await destination((socket) => socket.end(Buffer.alloc(1_000_000)))
    const { socksPort, provider } = await pair([server], { bandwidthMbps: 0.1 })
    const { socket } = await dial(socksPort, server.address, server.port)
    socket.resume()
    const closed = closing(socket)
    const startedAt = performance.now()
    await provider.end('s1')
    await closed
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })

  test('a consumer that vanishes is reported with its session, its figures kept until `end`', async () => {
    const server = await destination(echo)
    const { socksPort, provider, consumer } = await pair([server])
    const { socket } = await dial(socksPort, server.address, server.port)
    socket.write('12345')
    await exactly(socket, 5)
    const lost = new Promise((resolve) => provider.onLost(resolve))
    await consumer.stop()
    expect(await lost).toBe('s1')
    expect(provider.traffic('s1')).toEqual({ bytesUp: 5n, bytesDown: 5n })
    expect(await provider.end('s1')).toEqual({ bytesUp: 5n, bytesDown: 5n })
    expect(provider.traffic('s1')).toEqual({ bytesUp: 0n, bytesDown: 0n })
  })

  test('cancelling leaves nothing behind', async () => {
    const { socks, data } = await pair()
    const before = await socks.createConsumer({ controlEndpoints: [] })
    await expect(before.start(data, AbortSignal.abort())).rejects.toMatchObject({ name: 'Cancelled' })
    // A place that accepts and never answers.
    const silent = await destination(() => undefined)
    const consumer = await socks.createConsumer({ controlEndpoints: [] })
    const cancel = new AbortController()
    const attempt = consumer.start({ ...data, port: silent.port }, cancel.signal)
    setImmediate(() => cancel.abort())
    await expect(attempt).rejects.toMatchObject({ name: 'Cancelled' })
    expect(process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length).toBeLessThan(4)
  })

  test('the usual port is used where it is free, and another one where it is not', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const usualPort = (server.address() as AddressInfo).port
    const first = await pair([], { usualPort })
    expect([0, usualPort]).not.toContain(first.socksPort)
    await once(server.close(), 'close')
    expect((await first.consume('s2')).socksPort).toBe(usualPort)
    expect([0, usualPort]).not.toContain((await first.consume('s3')).socksPort)
  })

  test('a port that is taken is named', async () => {
    const taken = await destination(() => undefined)
    const { socks, provider } = await pair()
    const consumer = await socks.createConsumer({ controlEndpoints: [], socksPort: taken.port })
    const data = await provider.admit('s2', ID, consumer.request())
    await expect(consumer.start(data, never)).rejects.toMatchObject({
      name: 'PortInUse',
      details: { port: taken.port },
    })
    const another = createSocks({
      log: silentLogger,
      clock: systemClock,
      listen: { host: '127.0.0.1', port: taken.port },
    })
    await expect(
      another.startProvider({ dataDir: '', publicAddress: '127.0.0.1', maxSessions: 1 }),
    ).rejects.toMatchObject({
      name: 'PortInUse',
      details: { port: taken.port },
    })
  })

  test('stopping the provider ends every session and frees the port', async () => {
    const server = await destination(echo)
    const { socksPort, provider, data } = await pair([server])
    const { socket } = await dial(socksPort, server.address, server.port)
    socket.resume()
    const closed = closing(socket)
    await provider.stop()
    await closed
    await expect(once(tcpConnect(data.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
  })
})

describe('fetchThrough and limits', () => {
  async function web(
    answer: (path: string) => { status?: number; body: string | Buffer; headers?: Record<string, string> },
  ) {
    const server = createHttpServer((request, response) => {
      const { status = 200, body, headers } = answer(request.url ?? '')
      response.writeHead(status, { ...headers }).end(body)
    })
    await listening(server)
    return { address: '127.0.0.1', port: (server.address() as AddressInfo).port }
  }

  test('fetches through the tunnel, without the listener, at most 4 KiB', async () => {
    const server = await web((path) =>
      path === '/large' ? { body: Buffer.alloc(1_000_000, 'x') } : { body: `you asked ${path}` },
    )
    const { consumer, provider } = await pair([server])
    expect(await consumer.fetchThrough(`http://127.0.0.1:${server.port}/ip?a=1`, never)).toBe('you asked /ip?a=1')
    expect(await consumer.fetchThrough(`http://127.0.0.1:${server.port}/large`, never)).toBe('x'.repeat(4096))
    expect(provider.traffic('s1').bytesUp).toBeGreaterThan(0n)
  })

  test('fails on redirects, refusals, other schemes, and when cancelled', async () => {
    const server = await web((path) =>
      path === '/slow' ? { body: 'no' } : { status: 302, body: '', headers: { location: 'http://203.0.113.1/' } },
    )
    const silent = await destination(() => undefined)
    const { consumer } = await pair([server, silent])
    for (const url of [
      `http://127.0.0.1:${server.port}/`,
      'http://127.0.0.1:1/',
      'https://127.0.0.1/',
      'http://a:b@127.0.0.1/',
    ]) {
      await expect(consumer.fetchThrough(url, never)).rejects.toMatchObject({ name: 'ProbeFailed' })
    }
    const cancel = new AbortController()
    const attempt = consumer.fetchThrough(`http://127.0.0.1:${silent.port}/`, cancel.signal)
    cancel.abort()
    await expect(attempt).rejects.toMatchObject({ name: 'ProbeFailed' })
  })

  test('the bandwidth limit holds in both directions', async () => {
    const server = await destination(echo)
    const { socksPort } = await pair([server], { bandwidthMbps: 8 })
    const blob = randomBytes(1_500_000)
    const { socket } = await dial(socksPort, server.address, server.port)
    const startedAt = performance.now()
    socket.end(blob)
    expect(sha256(await rest(socket))).toBe(sha256(blob))
    const seconds = (performance.now() - startedAt) / 1000
    // One and a half, less the fifth of a second that may be sent at once.
    expect(seconds).toBeGreaterThan(1.25)
    expect(seconds).toBeLessThan(10)
  })
})
