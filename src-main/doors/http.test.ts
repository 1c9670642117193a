import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Handlers } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { decode } from '#shared/contract/wire.ts'
import { silentLogger } from '../node/lib/logger.ts'
import { createStateTree } from '../node/state-tree.ts'
import { reachRunningNode } from './client.ts'
import { type HttpDoor, openHttpDoor } from './http.ts'

let dir = ''
let door: HttpDoor
let port = 0
const state = createStateTree({ wallet: { balance: 5n } } as unknown as AppState)
const handlers = { 'state.get': async () => state.get() } as unknown as Handlers

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'myst-door-'))
  mkdirSync(join(dir, 'page'))
  writeFileSync(join(dir, 'page/index.html'), '<h1>page</h1>')
  writeFileSync(join(dir, 'secret.json'), '{}')
  door = await openHttpDoor(
    { handlers, state, log: silentLogger },
    { listen: { host: '127.0.0.1', port: 0 }, access: 'token', pageDir: join(dir, 'page') },
  )
  port = Number(new URL(door.address).port)
})
afterEach(async () => {
  await door.stop()
  rmSync(dir, { recursive: true })
})

type Answer = { status: number; headers: IncomingHttpHeaders; body: string }
function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function login(): Promise<string> {
  const answer = await ask('POST', '/api/login', {}, JSON.stringify({ token: door.token }))
  expect(answer.status).toBe(204)
  return answer.headers['set-cookie']?.[0] ?? ''
}
const cookieOf = (set: string) => set.split(';')[0] ?? ''

describe('the page’s door', () => {
  it('serves the page with a policy that allows nothing but itself', async () => {
    const page = await ask('GET', '/')
    expect(page).toMatchObject({ status: 200, body: '<h1>page</h1>' })
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(page.headers['x-content-type-options']).toBe('nosniff')
  })

  it('serves nothing outside of the page', async () => {
    for (const path of [
      '/../secret.json',
      '/..%2fsecret.json',
      '/%2e%2e/secret.json',
      '/....//secret.json',
      '/nothing.js',
      '/index',
    ]) {
      expect((await ask('GET', path)).status, path).toBe(404)
    }
  })

  it('opens to a token that works once, and then to a cookie that pages elsewhere cannot send', async () => {
    expect((await ask('POST', '/api/command/state.get', { 'x-myst': '1' })).status).toBe(401)
    expect((await ask('POST', '/api/login', {}, JSON.stringify({ token: 'x'.repeat(43) }))).status).toBe(401)
    const set = await login()
    expect(set).toMatch(/HttpOnly; SameSite=Strict/)
    expect((await ask('POST', '/api/login', {}, JSON.stringify({ token: door.token }))).status).toBe(401)
    const answer = await ask('POST', '/api/command/state.get', { cookie: cookieOf(set), 'x-myst': '1' }, '{}')
    expect(decode(answer.body)).toEqual({ ok: { wallet: { balance: 5n } } })
    // Without the header a plain form of another site could have sent it.
    expect((await ask('POST', '/api/command/state.get', { cookie: cookieOf(set) }, '{}')).status).toBe(403)
  })

  it('refuses a name that was rebound to loopback, and every other origin', async () => {
    const cookie = cookieOf(await login())
    for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.2']) {
      expect((await ask('GET', '/', { host })).status, host).toBe(403)
    }
    const headers = { cookie, 'x-myst': '1', host: `127.0.0.1:${port}` }
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`]) {
      expect((await ask('POST', '/api/command/state.get', { ...headers, origin }, '{}')).status, origin).toBe(403)
    }
    expect(
      (await ask('POST', '/api/command/state.get', { ...headers, origin: `http://127.0.0.1:${port}` }, '{}')).status,
    ).toBe(200)
  })

  it('refuses bodies without end, other methods and unknown commands', async () => {
    const headers = { cookie: cookieOf(await login()), 'x-myst': '1' }
    expect((await ask('POST', '/api/command/state.get', headers, 'x'.repeat(70_000))).status).toBe(413)
    expect((await ask('GET', '/api/command/state.get', headers)).status).toBe(405)
    expect((await ask('DELETE', '/')).status).toBe(405)
    expect((await ask('POST', '/api/command/fly', headers, '{}')).status).toBe(422)
  })

  it('sends a snapshot and then numbered deltas, to whoever is logged in', async () => {
    const cookie = cookieOf(await login())
    const open = (headers: Record<string, string>) => new WebSocket(`ws://127.0.0.1:${port}/api/state`, { headers })
    const refused = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve) => {
        const socket = open(headers)
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
        socket.on('error', () => undefined)
      })
    const origin = `http://127.0.0.1:${port}`
    expect(await refused({ origin })).toBe(403)
    expect(await refused({ cookie })).toBe(403)
    expect(await refused({ cookie, origin: 'http://evil.example' })).toBe(403)

    const socket = open({ cookie, origin })
    const messages: unknown[] = []
    await new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        messages.push(decode(String(data)))
        if (messages.length === 1) state.set({ wallet: { balance: 6n } as AppState['wallet'] })
        else resolve()
      })
    })
    socket.close()
    const [snapshot, delta] = messages as { kind: string; number: number }[]
    expect(snapshot).toMatchObject({ kind: 'snapshot', state: { wallet: { balance: 5n } } })
    expect(delta).toMatchObject({
      kind: 'delta',
      number: (snapshot?.number ?? 0) + 1,
      set: { wallet: { balance: 6n } },
    })
    state.set({ wallet: { balance: 5n } as AppState['wallet'] })
  })

  it('says which port is in use', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen({ host: '127.0.0.1', port: 0 }, resolve))
    const { port } = taken.address() as { port: number }
    const again = openHttpDoor(
      { handlers, state, log: silentLogger },
      { listen: { host: '127.0.0.1', port }, access: 'token' },
    )
    await expect(again).rejects.toMatchObject({ name: 'PortInUse', details: { port } })
    taken.close()
  })
})

describe('the command line’s door', () => {
  it('is a socket of its user’s alone, and needs no token', async () => {
    const path = join(dir, 'node.sock')
    const own = await openHttpDoor({ handlers, state, log: silentLogger }, { listen: { path }, access: 'file' })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const access = await reachRunningNode(path)
    expect(await access?.call('state.get', {})).toEqual({ wallet: { balance: 5n } })
    await own.stop()
    expect(await reachRunningNode(path)).toBeUndefined()
  })
})
