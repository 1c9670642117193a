import { readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { extname, join, normalize } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import type { PageAddress } from '#shared/contract/answers.ts'
import type { Handlers } from '#shared/contract/commands.ts'
import { encode } from '#shared/contract/wire.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import type { Logger } from '../node/lib/logger.ts'
import type { StateTree } from '../node/state-tree.ts'
import { createAttempts } from './attempts.ts'
import { readBody } from './body.ts'
import { callEncoded } from './call.ts'
import type { DoorCertificate } from './certificate.ts'
import { follow } from './follow.ts'
import { askedHost, hostOf } from './hosts.ts'
import { isLoopback, type Listen, startListening } from './listen.ts'
import { createPageSessions, type SessionState } from './page-sessions.ts'

/** Commands are small; the largest is a keystore file of 16 KiB. */
const MAX_BODY_BYTES = 64 * 1024
const LOOK_FOR_IDLE_MS = 1_000
/** What a page's socket asks for, before its secret. */
const STATE_PROTOCOL = 'myst'
const LOOPBACK_HOSTS = ['127.0.0.1', 'localhost', '[::1]']
/** Whoever reaches the port can hold so many connections, and the node goes on. */
const MAX_CONNECTIONS = 128
const HANDSHAKE_MS = 10_000
/** A token has 256 bits, so guessing is bounded for the machine's sake; the right one is not held up by wrong ones. */
const WRONG_TOKEN_MS = 1_000
const ANSWER_MS = 1_000
const LOOK_AT_CERTIFICATE_MS = 3_600_000
/** 30 days. */
const STRICT_TRANSPORT_SECURITY = 'max-age=2592000'
const KEEP = 'private, max-age=31536000, immutable'
const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export type HttpDoorOptions = {
  /** Beyond 127.0.0.1 and ::1 with `tls` only. */
  listen: Listen
  /** Asked again each hour: a certificate is renewed while the door is open. */
  tls?: (() => Promise<DoorCertificate>) | undefined
  /**
   * `token`: the page shows a one-time token first and gets a secret for it, which it sends as a bearer token; browsers
   * would send a cookie to every port of this address. `file`: the right to open the Unix socket is the proof (the
   * command line's own door).
   */
  access: 'token' | 'file'
  /** A page at which nobody did anything for so long is locked until the identity's passphrase is given; none: never. */
  lockAfterMs?: number | undefined
  /** Folder of the built page; none: commands and state only. */
  pageDir?: string
}

export type HttpDoor = {
  readonly token: string
  readonly address: string
  /** To be compared in the browser, where nobody else vouches for the certificate. */
  readonly fingerprint?: string
  /** For another browser, while the door is open; the token of before is good for nothing then. */
  newAddress(): PageAddress
  stop(): Promise<void>
}

/**
 * The local API and its page. Host and Origin are checked on every request, so a web page elsewhere
 * can neither call it nor reach it by rebinding its name to this computer. Rejects with `TlsNeeded`, with what `tls`
 * rejects with, `PortInUse` or `AddressUnusable`.
 */
export async function openHttpDoor(
  deps: { handlers: Handlers; state: StateTree; log: Logger },
  options: HttpDoorOptions,
): Promise<HttpDoor> {
  const { handlers, state, log } = deps
  const { listen } = options
  if ('host' in listen && !isLoopback(listen.host) && !options.tls) {
    throw new MystError('TlsNeeded', `The page is served over TLS only on ${listen.host}; give a certificate.`)
  }
  const sessions = createPageSessions({
    lockAfterMs: options.lockAfterMs,
    canUnlock: () => state.get().identity.all.length > 0,
  })
  const attempts = createAttempts()
  let certificate = await options.tls?.()
  const hosts = () => certificate?.hosts ?? LOOPBACK_HOSTS

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch((error: unknown) => {
      log.error(`request failed: ${error instanceof Error ? error.message : String(error)}`)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
  const secure = certificate && createTlsServer({ ...contextOf(certificate), handshakeTimeout: HANDSHAKE_MS }, answer)
  const server = secure ?? createServer(answer)
  server.requestTimeout = 120_000
  server.maxConnections = MAX_CONNECTIONS
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024, handleProtocols: () => STATE_PROTOCOL })

  const stateOf = (secret: string | undefined): SessionState =>
    options.access === 'file' ? 'open' : sessions.stateOf(secret)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY)
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Referrer-Policy', 'no-referrer')
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    response.setHeader('Cache-Control', 'no-store')
    if (!isForUs(request)) return void response.writeHead(403).end()
    if (isHostsOnlyWeb(request)) response.setHeader('Strict-Transport-Security', STRICT_TRANSPORT_SECURITY)
    const path = new URL(request.url ?? '/', 'http://localhost').pathname

    if (path.startsWith('/api/')) {
      if (request.method !== 'POST') return void response.writeHead(405).end()
      const body = await readBody(request, MAX_BODY_BYTES)
      if (body === undefined) return void response.writeHead(413).end()
      if (path === '/api/login') return await login(body, response)
      const secret = /^Bearer ([\w-]+)$/.exec(request.headers.authorization ?? '')?.[1]
      const found = stateOf(secret)
      if (found === 'unknown') return void response.writeHead(401).end()
      if (path === '/api/unlock' && secret !== undefined) return await unlock(secret, body, response)
      if (found === 'locked') return void response.writeHead(423).end()
      if (path === '/api/active' && secret !== undefined) {
        sessions.touch(secret)
        return void response.writeHead(204).end()
      }
      const name = path.slice('/api/command/'.length)
      if (!path.startsWith('/api/command/')) return void response.writeHead(404).end()
      const answer = await callEncoded(handlers, name, body)
      response.writeHead(answer.startsWith('{"error"') ? 422 : 200, { 'Content-Type': 'application/json' }).end(answer)
      return
    }
    servePage(path, request, response)
  }

  /** Host must be one of ours; an Origin, where a browser sends one, must be the same. */
  function isForUs({ headers: { host, origin } }: IncomingMessage): boolean {
    if (options.access === 'file') return origin === undefined
    const asked = askedHost(host)
    if (asked === undefined || !hosts().includes(asked)) return false
    return origin === undefined || origin === `${secure ? 'https' : 'http'}://${host}`
  }

  /**
   * Whether a browser may be told to use nothing but TLS with this host. It would do so with all of the host's ports, so
   * only at 443 (no port in Host); and for a certificate of our own it would leave no way past its warning.
   */
  function isHostsOnlyWeb({ headers: { host } }: IncomingMessage): boolean {
    return certificate?.isSelfMade === false && askedHost(host) === host
  }

  async function login(body: string, response: ServerResponse): Promise<void> {
    let given: unknown
    try {
      given = (JSON.parse(body) as { token?: unknown }).token
    } catch {
      given = undefined
    }
    const secret = sessions.signIn(given)
    if (secret === undefined) {
      await delay(WRONG_TOKEN_MS, undefined, { ref: false })
      return void response.writeHead(401).end()
    }
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ secret }))
  }

  /** Answers as a command does: what is wrong with a passphrase is said in the same words. */
  async function unlock(secret: string, body: string, response: ServerResponse): Promise<void> {
    const waitMs = attempts.begin()
    if (waitMs !== undefined) {
      const seconds = Math.ceil(waitMs / 1_000)
      const error = new MystError('TooManyAttempts', `Too many wrong passphrases; try again in ${seconds} s.`)
      return void response.writeHead(429, { 'Retry-After': seconds }).end(encode({ error: toWire(error) }))
    }
    const answer = await callEncoded(handlers, 'identity.check', body)
    const refused = answer.startsWith('{"error"')
    if (!refused) {
      attempts.succeeded()
      sessions.unlock(secret)
    }
    response.writeHead(refused ? 422 : 200, { 'Content-Type': 'application/json' }).end(answer)
  }

  function servePage(path: string, request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end()
    const relative = normalize(path === '/' ? '/index.html' : path)
    const type = CONTENT_TYPES[extname(relative)]
    if (!options.pageDir || !type || relative.includes('..') || relative.includes('\0')) {
      return void response.writeHead(404).end()
    }
    let file: Buffer
    try {
      file = readFileSync(join(options.pageDir, relative))
    } catch {
      return void response.writeHead(404).end()
    }
    // Their names change with what is in them. Without TLS another program had this port before, or has it after.
    if (secure && relative.startsWith('/assets/')) response.setHeader('Cache-Control', KEEP)
    response.writeHead(200, { 'Content-Type': type })
    response.end(request.method === 'HEAD' ? undefined : file)
  }

  /** Whose each page's socket is: it is cut when its page is locked. */
  const secrets = new Map<WebSocket, string | undefined>()
  server.on('upgrade', (request, socket, head) => {
    const originOk = options.access === 'file' || request.headers.origin !== undefined
    // A browser lets a page choose no header of a socket but this one.
    const [, secret] = (request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/)
    if (request.url !== '/api/state' || !originOk || !isForUs(request) || stateOf(secret) !== 'open') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      secrets.set(client, secret)
      const stop = follow(state, (message) => {
        // A reader that does not keep up is let go; it comes back for a new snapshot.
        if (client.bufferedAmount > 8 * 1024 * 1024) client.terminate()
        else client.send(message)
      })
      client.on('close', () => {
        secrets.delete(client)
        stop()
      })
      client.on('error', () => client.terminate())
    })
  })
  const locking = setInterval(() => {
    for (const [client, secret] of secrets) if (stateOf(secret) !== 'open') client.terminate()
  }, LOOK_FOR_IDLE_MS)
  locking.unref()

  const port = await startListening(server, listen)
  const renewing = secure && setInterval(() => void renew(), LOOK_AT_CERTIFICATE_MS).unref()
  async function renew(): Promise<void> {
    const found = await options.tls?.().catch((error: unknown) => log.warn(toWire(error).message))
    if (!found || found.fingerprint === certificate?.fingerprint) return
    certificate = found
    secure?.setSecureContext(contextOf(found))
    log.warn(`The page has a new certificate; its SHA-256 fingerprint is ${found.fingerprint}`)
  }

  const where = () => ({
    address: 'path' in listen ? listen.path : addressOf(listen.host, port, certificate),
    ...(certificate?.isSelfMade && { fingerprint: certificate.fingerprint }),
  })
  return {
    token: sessions.token,
    ...where(),
    newAddress: () => ({ ...where(), ...sessions.newToken() }),
    async stop() {
      clearInterval(locking)
      clearInterval(renewing)
      for (const client of sockets.clients) client.terminate()
      // Who asked for the end is still told of it.
      const impatience = setTimeout(() => server.closeAllConnections(), ANSWER_MS)
      await new Promise<void>((resolve) => server.close(() => resolve()))
      clearTimeout(impatience)
      if ('path' in listen) rmSync(listen.path, { force: true })
    },
  }
}

/** What is told to the person. */
function addressOf(host: string, port: number, certificate: DoorCertificate | undefined): string {
  return certificate ? `https://${certificate.hosts[0]}:${port}` : `http://${hostOf(host)}:${port}`
}

function contextOf({ certificate, privateKey }: DoorCertificate) {
  return { cert: certificate, key: privateKey, minVersion: 'TLSv1.2' as const }
}
