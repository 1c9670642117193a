import { createServer } from 'node:http'

/**
 * A program for the demo's internet: tells its callers the address they come from, as the probes of a
 * network file do, sends them 48 KiB at `/transfer` to see whether large packets pass, and shows people a page.
 *
 *   node what-is-my-address.ts [PORT]
 */
const TRANSFER = Buffer.alloc(48 * 1024, 'mysterium')

const server = createServer((request, response) => {
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  if (request.url === '/ip') return void response.end(address)
  if (request.url === '/transfer') return void response.end(TRANSFER)
  response
    .writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'none'" })
    .end(`<!doctype html><title>Your address</title><h1>You come from ${address}</h1>\n`)
})
server.listen({ host: '::', port: Number(process.argv[2] ?? 80) }, () => process.stdout.write('{"listening":true}\n'))
