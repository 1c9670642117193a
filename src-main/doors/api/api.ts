import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ProgramView } from '#shared/contract/programs.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import type { Programs } from '../../node/create-node.ts'
import type { Logger } from '../../node/lib/logger.ts'
import { readBody } from '../body.ts'
import { askedHost } from '../hosts.ts'
import { startListening } from '../listen.ts'
import { openApi } from './openapi.ts'
import { isSettled, ROUTES, type Route } from './routes.ts'

/** Four short fields. */
const MAX_BODY_BYTES = 4 * 1024
/** Of all programs together; most hold one while they wait for their connection. */
const MAX_CONNECTIONS = 64
const REQUEST_MS = 10_000
/** A key has 256 bits, so guessing is bounded for the machine's sake; a right one is not held up by wrong ones. */
const WRONG_KEY_MS = 1_000
/** What this computer is called by who means it: anything else is a name that somebody has pointed here. */
const HOSTS = ['127.0.0.1', 'localhost']

/** By the error's name; what is not here is a defect of ours. */
const STATUS: Record<string, number> = {
  Unauthorized: 401,
  BudgetUsedUp: 402,
  Forbidden: 403,
  NotFound: 404,
  NoProposal: 404,
  MethodNotAllowed: 405,
  AlreadyConnected: 409,
  ProvidersInUse: 409,
  TooLarge: 413,
  InvalidInput: 422,
  Locked: 423,
  NoNetwork: 503,
  NotRegistered: 503,
  NetworkBlocked: 503,
}

export type Api = { readonly address: string; stop(): Promise<void> }

/**
 * The local API: programs connect by themselves, each with its key, and each sees and does only what is its own. Rejects
 * with `PortInUse` or `AddressUnusable`.
 */
export async function openApiDoor(
  deps: { programs: Programs; isUnlocked: () => boolean; log: Logger },
  { port: wanted }: { port: number },
): Promise<Api> {
  const { programs, isUnlocked, log } = deps
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const { name, message } = toWire(error)
      const status = STATUS[name]
      if (status === undefined) log.error(`a program's request failed: ${message}`)
      send(response, status ?? 500, { error: { name, message: status === undefined ? 'It failed.' : message } })
    })
  })
  server.requestTimeout = REQUEST_MS
  server.headersTimeout = REQUEST_MS
  server.maxConnections = MAX_CONNECTIONS
  const stopped = new AbortController()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    mustBeForUs(request)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/v1/openapi.json' && request.method === 'GET') return send(response, 200, openApi(address))
    const key = /^Bearer ([\w-]{1,100})$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const view = programs.byKey(key)
    if (!view) {
      await delay(WRONG_KEY_MS, undefined, { ref: false })
      response.setHeader('WWW-Authenticate', 'Bearer')
      throw unauthorized()
    }
    const route = routeOf(request.method, pathname, response)
    if (!route.isForLocked && !isUnlocked()) {
      throw new MystError('Locked', 'The identity is locked; its owner has to unlock it first.')
    }
    const body = route.body ? await readJson(request) : undefined
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const settled = (timeoutMs: number) => {
      const signals = [gone.signal, stopped.signal, AbortSignal.timeout(timeoutMs)]
      return untilSettled(programs, key, AbortSignal.any(signals))
    }
    const query = Object.fromEntries(searchParams)
    send(response, route.success.status, await route.answer({ programs, view, query, body, settled }))
  }

  const port = await startListening(server, { host: '127.0.0.1', port: wanted })
  const address = `http://127.0.0.1:${port}`
  return {
    address,
    async stop() {
      stopped.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** No web page: those say where they come from, or that they rebound their name to this computer. */
function mustBeForUs({ headers }: IncomingMessage): void {
  const host = askedHost(headers.host)
  if (host === undefined || !HOSTS.includes(host)) {
    throw new MystError('Forbidden', 'Ask 127.0.0.1 by that name.')
  }
  if (headers.origin !== undefined) throw new MystError('Forbidden', 'Web pages are not answered.')
}

function routeOf(method: string | undefined, path: string, response: ServerResponse): Route {
  const there = ROUTES.filter((route) => route.path === path)
  if (there.length === 0) throw new MystError('NotFound', 'There is no such path; see /v1/openapi.json.')
  const route = there.find((one) => one.method === method)
  if (route) return route
  const allowed = there.map((one) => one.method).join(', ')
  response.setHeader('Allow', allowed)
  throw new MystError('MethodNotAllowed', `Only ${allowed} here.`)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readBody(request, MAX_BODY_BYTES)
  if (text === undefined) throw new MystError('TooLarge', `At most ${MAX_BODY_BYTES} bytes are taken.`)
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    throw new MystError('InvalidInput', 'The body is not JSON.')
  }
}

/** With the key looked at again each time: one that was replaced meanwhile is told nothing any more. */
function untilSettled(programs: Programs, key: string, signal: AbortSignal): Promise<ProgramView> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const view = programs.byKey(key)
      if (view && !signal.aborted && !isSettled(view.connection)) return
      off()
      signal.removeEventListener('abort', look)
      if (view) resolve(view)
      else reject(unauthorized())
    }
    const off = programs.onChange(look)
    signal.addEventListener('abort', look)
    look()
  })
}

const unauthorized = () =>
  new MystError('Unauthorized', 'This key is not known; its owner can make a new one ("myst program key").')

function send(response: ServerResponse, status: number, body: unknown): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  if (response.headersSent || response.destroyed) return void response.end()
  if (body === undefined) return void response.writeHead(status).end()
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
