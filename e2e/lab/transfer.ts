import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'

/**
 * One HTTP exchange from a host of the lab, because a program has to run inside of the host's network
 * to use it. Takes its task and prints its result as JSON.
 *
 *   node e2e/lab/transfer.ts '{"url":"http://198.51.100.200/ip"}'
 */
export type Transfer = {
  url: string
  method?: 'GET' | 'PUT'
  /** Bytes to send with PUT. */
  uploadBytes?: number
  /** Through a SOCKS5 listener on loopback; names are resolved behind it. */
  socksPort?: number
  /** The whole exchange, milliseconds; 60,000 when absent. */
  timeoutMs?: number
}
export type Transferred = {
  status: number
  /** At most 4 KiB of the body. */
  text: string
  bytes: number
  firstByteMs: number
  totalMs: number
}

const CHUNK = Buffer.alloc(256 * 1024, 'mysterium')

async function transfer(task: Transfer): Promise<Transferred> {
  const url = new URL(task.url)
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(task.timeoutMs ?? 60_000)
  const { socksPort } = task
  const through = socksPort === undefined ? undefined : await socksSocket(socksPort, url, signal)
  const outgoing = request(url, {
    method: task.method ?? 'GET',
    signal,
    // A connection of one's own is used only where no agent is given.
    ...(through ? { createConnection: () => through } : { agent: new Agent({ keepAlive: false }) }),
    ...(task.uploadBytes === undefined ? {} : { headers: { 'Content-Length': task.uploadBytes } }),
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.once('error', reject)
  })
  answered.catch(() => undefined) // awaited below, after the upload
  let left = task.uploadBytes ?? 0
  while (left > 0) {
    const part = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
    left -= part.length
    if (!outgoing.write(part)) {
      await Promise.race([new Promise((resolve) => outgoing.once('drain', resolve)), answered])
    }
  }
  outgoing.end()

  const response = await answered
  let bytes = 0
  let text = ''
  let firstByteMs = performance.now() - startedAt
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes === 0) firstByteMs = performance.now() - startedAt
    if (bytes < 4096) text = (text + chunk.subarray(0, 4096 - bytes).toString('latin1')).slice(0, 4096)
    bytes += chunk.length
  }
  return { status: response.statusCode ?? 0, text, bytes, firstByteMs, totalMs: performance.now() - startedAt }
}

/** SOCKS5 (RFC 1928) without authentication: enough of a client to test a server that is not ours alone. */
async function socksSocket(port: number, url: URL, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  signal.addEventListener('abort', () => socket.destroy(new Error('timed out')))
  const name = Buffer.from(url.hostname.replace(/^\[|\]$/g, ''))
  const targetPort = Number(url.port || 80)
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.write(Buffer.from([5, 1, 0]))
  if ((await take(socket, 2))[1] !== 0) throw new Error('the SOCKS listener wants authentication')
  socket.write(
    Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([targetPort >> 8, targetPort & 255])]),
  )
  const head = await take(socket, 4)
  if (head[1] !== 0) throw new Error(`the SOCKS listener refused with ${head[1]}`)
  const length = head[3] === 1 ? 4 : head[3] === 4 ? 16 : ((await take(socket, 1))[0] ?? 0)
  await take(socket, length + 2)
  return socket
}

async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const data = socket.read(length) as Buffer | null
    if (data?.length === length) return data
    if (data) socket.unshift(data)
    await new Promise<void>((resolve, reject) => {
      socket.once('readable', resolve)
      socket.once('error', reject)
      socket.once('end', () => reject(new Error('the SOCKS listener closed the connection')))
    })
  }
}

try {
  const result = await transfer(JSON.parse(process.argv[2] ?? '{}') as Transfer)
  process.stdout.write(`${JSON.stringify(result)}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
