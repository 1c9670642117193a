import { createSocket } from 'node:dgram'
import { createServer, type ServerResponse } from 'node:http'

/**
 * A web server as the internet has them, for a host of the lab. One JSON line on standard output when
 * it listens and one for each request, with the caller's address.
 *
 *   node e2e/lab/internet.ts [PORT]
 *
 *   GET /ip           the caller's address as text
 *   GET /bytes/N      N bytes
 *   PUT, POST /sink   takes everything; answers with the number of bytes as text
 *   GET /log          every request so far as JSON
 *   UDP port 7, "N"   N datagrams of 1,200 bytes, about 10 MB/s
 */
export type SeenRequest = { from: string; method: string; path: string; host: string }

const CHUNK = Buffer.alloc(256 * 1024, 'mysterium')
const seen: SeenRequest[] = []

const server = createServer((request, response) => {
  const from = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const method = request.method ?? ''
  const path = request.url ?? '/'
  const entry = { from, method, path, host: request.headers.host ?? '' }
  if (path !== '/log') {
    seen.push(entry)
    print(entry)
  }

  const bytes = /^\/bytes\/(\d{1,11})$/.exec(path)?.[1]
  if (path === '/ip') response.end(from)
  else if (path === '/log') response.end(JSON.stringify(seen))
  else if (bytes !== undefined) sendBytes(Number(bytes), response)
  else if (path === '/sink' && (method === 'PUT' || method === 'POST')) {
    let received = 0
    request.on('data', (data: Buffer) => {
      received += data.length
    })
    request.on('end', () => response.end(String(received)))
  } else response.writeHead(404).end()
})

function sendBytes(bytes: number, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Length': bytes, 'Content-Type': 'application/octet-stream' })
  let left = bytes
  const more = () => {
    while (left > 0) {
      const part = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
      left -= part.length
      if (!response.write(part) && left > 0) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

/** In bursts that no buffer is too small for. */
const stream = createSocket('udp4').on('message', (text, { port, address }) => {
  let left = Math.min(Number(text), 1_000_000)
  const timer = setInterval(() => {
    for (let n = 0; n < 18 && left > 0; n++, left--) stream.send(CHUNK.subarray(0, 1_200), port, address)
    if (!(left > 0)) clearInterval(timer)
  }, 2)
})

function print(object: object): void {
  process.stdout.write(`${JSON.stringify(object)}\n`)
}

const listenTo = Number(process.argv[2] ?? 80)
stream.bind(7, () => server.listen({ host: '::', port: listenTo }, () => print({ listening: true })))
