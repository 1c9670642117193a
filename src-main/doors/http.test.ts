import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Handlers } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { decode } from '#shared/contract/wire.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { silentLogger } from '../node/lib/logger.ts'
import { createStateTree } from '../node/state-tree.ts'
import { reachRunningNode } from './client.ts'
import { type HttpDoor, openHttpDoor } from './http.ts'

let dir = ''
let door: HttpDoor
let port = 0
const state = createStateTree({ wallet: { balance: 5n }, identity: { all: [{}] } } as unknown as AppState)
const handlers = {
  'state.get': async () => state.get(),
  async 'identity.check'({ passphrase }: { passphrase: string }) {
    if (passphrase !== 'right') throw new MystError('WrongPassphrase', 'This passphrase does not fit.')
  },
} as unknown as Handlers

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
  expect(answer.status).toBe(200)
  // A cookie would go to every port of this address.
  expect(answer.headers['set-cookie']).toBeUndefined()
  return (JSON.parse(answer.body) as { secret: string }).secret
}
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

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

  it('opens to a token that works once, and then to a secret that only this page has', async () => {
    expect((await ask('POST', '/api/command/state.get')).status).toBe(401)
    expect((await ask('POST', '/api/login', {}, JSON.stringify({ token: 'x'.repeat(43) }))).status).toBe(401)
    const secret = await login()
    expect((await ask('POST', '/api/login', {}, JSON.stringify({ token: door.token }))).status).toBe(401)
    const answer = await ask('POST', '/api/command/state.get', bearer(secret), '{}')
    expect(decode(answer.body)).toEqual({ ok: state.get() })
    for (const headers of [
      { cookie: `myst-${port}=${secret}` },
      bearer(door.token),
      bearer(`${secret}x`),
      { authorization: secret },
    ]) {
      for (const path of ['command/state.get', 'unlock', 'active']) {
        expect((await ask('POST', `/api/${path}`, headers, '{}')).status, path).toBe(401)
      }
    }
  })

  it('lets another page in by a new address, which works once and ends those before; who is in stays in', async () => {
    const signIn = (token: string) => ask('POST', '/api/login', {}, JSON.stringify({ token }))
    const { address, token, expiresAtMs } = door.newAddress()
    expect(address).toBe(door.address)
    expect(expiresAtMs).toBeGreaterThan(Date.now())
    expect((await signIn(door.token)).status).toBe(401)
    const answer = await signIn(token)
    const { secret } = JSON.parse(answer.body) as { secret: string }
    expect((await signIn(token)).status).toBe(401)
    door.newAddress()
    expect((await ask('POST', '/api/command/state.get', bearer(secret), '{}')).status).toBe(200)
    // The token itself is no secret of a page.
    expect((await ask('POST', '/api/command/state.get', bearer(door.newAddress().token), '{}')).status).toBe(401)
  })

  it('locks a page at which nobody did anything, until the passphrase is given', async () => {
    await door.stop()
    let atMs = Date.now()
    vi.spyOn(Date, 'now').mockImplementation(() => atMs)
    try {
      door = await openHttpDoor(
        { handlers, state, log: silentLogger },
        { listen: { host: '127.0.0.1', port: 0 }, access: 'token', lockAfterMs: 60_000 },
      )
      port = Number(new URL(door.address).port)
      const secret = await login()
      const headers = bearer(secret)
      const command = async () => (await ask('POST', '/api/command/state.get', headers, '{}')).status
      const origin = `http://127.0.0.1:${port}`
      const open = () => new WebSocket(`ws://127.0.0.1:${port}/api/state`, ['myst', secret], { headers: { origin } })
      const socket = open()
      await once(socket, 'message')

      atMs += 40_000
      // What the page asks by itself is nobody's doing.
      expect(await command()).toBe(200)
      expect((await ask('POST', '/api/active', headers, '{}')).status).toBe(204)
      atMs += 59_000
      expect(await command()).toBe(200)
      const closed = once(socket, 'close')
      atMs += 1_000
      expect(await command()).toBe(423)
      expect((await ask('POST', '/api/active', headers, '{}')).status).toBe(423)
      await closed
      const [refused] = (await once(
        open().on('error', () => {}),
        'unexpected-response',
      ).then(([, response]) => [response as { statusCode: number }])) as [{ statusCode: number }]
      expect(refused.statusCode).toBe(403)

      const unlock = (passphrase: string) => ask('POST', '/api/unlock', headers, JSON.stringify({ passphrase }))
      const wrong = await unlock('wrong')
      expect([wrong.status, decode(wrong.body)]).toMatchObject([422, { error: { name: 'WrongPassphrase' } }])
      expect(await command()).toBe(423)
      expect((await unlock('right')).status).toBe(200)
      expect(await command()).toBe(200)
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('refuses a name that was rebound to loopback, and every other origin', async () => {
    const secret = await login()
    for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.2']) {
      expect((await ask('GET', '/', { host })).status, host).toBe(403)
    }
    const headers = { ...bearer(secret), host: `127.0.0.1:${port}` }
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`]) {
      expect((await ask('POST', '/api/command/state.get', { ...headers, origin }, '{}')).status, origin).toBe(403)
    }
    expect(
      (await ask('POST', '/api/command/state.get', { ...headers, origin: `http://127.0.0.1:${port}` }, '{}')).status,
    ).toBe(200)
  })

  it('refuses bodies without end, other methods and unknown commands', async () => {
    const headers = bearer(await login())
    expect((await ask('POST', '/api/command/state.get', headers, 'x'.repeat(70_000))).status).toBe(413)
    expect((await ask('GET', '/api/command/state.get', headers)).status).toBe(405)
    expect((await ask('DELETE', '/')).status).toBe(405)
    expect((await ask('POST', '/api/command/fly', headers, '{}')).status).toBe(422)
  })

  it('sends a snapshot and then numbered deltas, to whoever is logged in', async () => {
    const protocols = ['myst', await login()]
    const open = (protocols: string[], headers: Record<string, string>) =>
      new WebSocket(`ws://127.0.0.1:${port}/api/state`, protocols, { headers })
    const refused = (protocols: string[], headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve) => {
        const socket = open(protocols, headers)
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
        socket.on('error', () => undefined)
      })
    const origin = `http://127.0.0.1:${port}`
    expect(await refused([], { origin })).toBe(403)
    expect(await refused(['myst', 'another'], { origin })).toBe(403)
    expect(await refused(protocols, {})).toBe(403)
    expect(await refused(protocols, { origin: 'http://evil.example' })).toBe(403)

    const socket = open(protocols, { origin })
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

  it('still answers whoever asked for the end, and does not wait for who says nothing', async () => {
    let stopped: Promise<void> | undefined
    const path = join(dir, 'ending.sock')
    const ending = {
      ...handlers,
      'connection.disconnect': async () => {
        stopped = own.stop()
        return { name: 'disconnected' }
      },
    } as unknown as Handlers
    const own = await openHttpDoor({ handlers: ending, state, log: silentLogger }, { listen: { path }, access: 'file' })
    const silent = connect(path)
    await once(silent, 'connect')
    silent.write('POST /api/command/state.get HTTP/1.1\r\n')
    const node = await reachRunningNode(path)
    expect(await node?.call('connection.disconnect', {})).toEqual({ name: 'disconnected' })
    await Promise.all([stopped, once(silent, 'close')])
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
    expect(await access?.call('state.get', {})).toEqual(state.get())
    await own.stop()
    expect(await reachRunningNode(path)).toBeUndefined()
  })
})
