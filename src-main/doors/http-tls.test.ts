import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Handlers } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { decode } from '#shared/contract/wire.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { silentLogger } from '../node/lib/logger.ts'
import { createStateTree } from '../node/state-tree.ts'
import { type DoorCertificate, readCertificate, selfMadeCertificate } from './certificate.ts'
import { type HttpDoor, type HttpDoorOptions, openHttpDoor } from './http.ts'

/* An address of this machine that the door takes for one of others', so that nothing here leaves loopback. */
const ADDRESS = '127.0.0.2'
const HOSTS = ['node.example', ADDRESS]

let dir = ''
let door: HttpDoor
let port = 0
let certificate: DoorCertificate
let checked = 0
const state = createStateTree({ wallet: { balance: 5n }, identity: { all: [{}] } } as unknown as AppState)
const handlers = {
  'state.get': async () => state.get(),
  async 'identity.check'({ passphrase }: { passphrase: string }) {
    checked += 1
    if (passphrase !== 'right') throw new MystError('WrongPassphrase', 'This passphrase does not fit.')
  },
} as unknown as Handlers

async function open(options: Partial<HttpDoorOptions> = {}, log = silentLogger): Promise<HttpDoor> {
  const listen = { host: ADDRESS, port: 0 }
  const made = await openHttpDoor(
    { handlers, state, log },
    { listen, access: 'token', pageDir: join(dir, 'page'), tls: async () => certificate, ...options },
  )
  port = Number(new URL(made.address).port)
  return made
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'myst-door-'))
  mkdirSync(join(dir, 'page'))
  writeFileSync(join(dir, 'page/index.html'), '<h1>page</h1>')
  checked = 0
  certificate = await selfMadeCertificate(join(dir, 'page.pem'), HOSTS, Date.now())
  door = await open()
})
afterEach(async () => {
  await door.stop()
  rmSync(dir, { recursive: true })
})

type Answer = { status: number; headers: IncomingHttpHeaders; body: string; fingerprint: string }
/** As a browser that was told the one certificate, and trusts no other. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const to = { host: ADDRESS, port, ca: certificate.certificate, servername: 'node.example', agent: false as const }
    const outgoing = request({ ...to, method, path, headers }, (response) => {
      const fingerprint = (response.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? ''
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, fingerprint }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function login(): Promise<string> {
  const answer = await ask('POST', '/api/login', {}, JSON.stringify({ token: door.token }))
  return (JSON.parse(answer.body) as { secret: string }).secret
}
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

describe('the page’s door beyond this computer', () => {
  it('is there with TLS only, by the certificate whose fingerprint is told', async () => {
    expect(door.address).toBe(`https://node.example:${port}`)
    expect(await ask('GET', '/')).toMatchObject({ status: 200, body: '<h1>page</h1>', fingerprint: door.fingerprint })
    for (const host of [ADDRESS, '0.0.0.0', '::', '192.0.2.1']) {
      const bare = open({ listen: { host, port: 0 }, tls: undefined })
      await expect(bare).rejects.toMatchObject({
        name: 'TlsNeeded',
        message: `The page is served over TLS only on ${host}; give a certificate.`,
      })
    }
    const loopback = await open({ listen: { host: '127.0.0.1', port: 0 }, tls: undefined })
    expect(loopback.address).toBe(`http://127.0.0.1:${port}`)
    expect(loopback.fingerprint).toBeUndefined()
    await loopback.stop()
  })

  it('lets a browser keep scripts and styles, and nothing else', async () => {
    mkdirSync(join(dir, 'page/assets'))
    writeFileSync(join(dir, 'page/assets/app-1a2b.js'), 'render()')
    const kept = await ask('GET', '/assets/app-1a2b.js')
    expect(kept.headers['cache-control']).toBe('private, max-age=31536000, immutable')
    for (const answer of [
      await ask('GET', '/'),
      await ask('GET', '/assets/app-0.js'),
      await ask('POST', '/api/login'),
    ]) {
      expect(answer.headers['cache-control']).toBe('no-store')
    }
    const loopback = await open({ listen: { host: '127.0.0.1', port: 0 }, tls: undefined })
    const bare = await fetch(`${loopback.address}/assets/app-1a2b.js`)
    expect([bare.status, bare.headers.get('cache-control')]).toEqual([200, 'no-store'])
    await loopback.stop()
  })

  it('says so when this computer has no such address or the port is taken', async () => {
    await expect(open({ listen: { host: '192.0.2.1', port: 0 } })).rejects.toMatchObject({
      name: 'AddressUnusable',
      message: 'This computer has no address 192.0.2.1; choose one that it has.',
    })
    await expect(open({ listen: { host: ADDRESS, port } })).rejects.toMatchObject({ name: 'PortInUse' })
  })

  it('speaks TLS 1.3 or 1.2, nothing older', async () => {
    const shake = (maxVersion?: SecureVersion) =>
      new Promise<string | null>((resolve, reject) => {
        const old = maxVersion === 'TLSv1.1' && { minVersion: maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }
        const to = { host: ADDRESS, port, ca: certificate.certificate, servername: 'node.example' }
        const socket = connect({ ...to, ...(maxVersion && { maxVersion }), ...old }, () => {
          resolve(socket.getProtocol())
          socket.destroy()
        }).on('error', reject)
      })
    expect(await shake()).toBe('TLSv1.3')
    expect(await shake('TLSv1.2')).toBe('TLSv1.2')
    // The word is the door's: it is its alert.
    await expect(shake('TLSv1.1')).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  })

  it('answers nothing to plain HTTP at its port', async () => {
    const say = async (socket: Socket) => {
      let heard = Buffer.alloc(0)
      socket.on('data', (data: Buffer) => {
        heard = Buffer.concat([heard, data])
      })
      socket.on('error', () => undefined)
      socket.write(`GET / HTTP/1.1\r\nHost: node.example:${port}\r\nConnection: close\r\n\r\n`)
      await once(socket, 'close')
      return heard.toString('latin1')
    }
    const plain = await say(connectPlain({ host: ADDRESS, port }))
    // No more than an alert of TLS.
    expect(plain.length).toBeLessThanOrEqual(7)
    const to = { host: ADDRESS, port, ca: certificate.certificate, servername: 'node.example' }
    expect(await say(connect(to))).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*<h1>page<\/h1>/)
  })

  it('refuses a name that was rebound to its address, and every name but its own', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, `${ADDRESS}.evil.example`, 'localhost', '127.0.0.1']) {
      expect((await ask('GET', '/', { host })).status, host).toBe(403)
      const answer = await ask(
        'POST',
        '/api/login',
        { host, origin: `https://${host}` },
        JSON.stringify({ token: door.token }),
      )
      expect([answer.status, answer.body], host).toEqual([403, ''])
    }
    for (const host of ['node.example', `Node.Example:${port}`, `${ADDRESS}:${port}`]) {
      expect((await ask('GET', '/', { host })).status, host).toBe(200)
    }
    // The token was not used up by those that were refused.
    expect(await login()).toMatch(/^[\w-]{43}$/)
  })

  it('refuses every other origin, and its own name without TLS', async () => {
    const secret = await login()
    const host = `node.example:${port}`
    const command = async (origin: string) =>
      (await ask('POST', '/api/command/state.get', { ...bearer(secret), host, origin }, '{}')).status
    const socket = (origin: string | undefined) =>
      new Promise<number>((resolve, reject) => {
        const to = {
          ca: certificate.certificate,
          servername: 'node.example',
          headers: { host, ...(origin && { origin }) },
        }
        const opened = new WebSocket(`wss://${ADDRESS}:${port}/api/state`, ['myst', secret], to)
        opened.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
        opened.on('error', reject)
        opened.on('message', () => {
          resolve(101)
          opened.close()
        })
      })
    const others = [
      `http://${host}`,
      'https://evil.example',
      'https://node.example',
      `https://${ADDRESS}:${port}`,
      `https://node.example:${port + 1}`,
      'null',
    ]
    for (const origin of others) expect([await command(origin), await socket(origin)], origin).toEqual([403, 403])
    expect(await socket(undefined)).toBe(403)
    expect([await command(`https://${host}`), await socket(`https://${host}`)]).toEqual([200, 101])
  })

  it('asks for TLS alone in future only at the host’s own port, and by a certificate that others vouch for', async () => {
    const said = async (host: string) => (await ask('GET', '/', { host })).headers['strict-transport-security']
    expect(await said('node.example')).toBeUndefined()
    await door.stop()
    const files = { certificate: join(dir, 'own.crt'), privateKey: join(dir, 'own.key'), hosts: [] }
    writeFileSync(files.certificate, certificate.certificate)
    writeFileSync(files.privateKey, certificate.privateKey, { mode: 0o600 })
    certificate = await readCertificate(files, Date.now())
    door = await open()
    expect(door.fingerprint).toBeUndefined()
    expect(await said('node.example')).toBe('max-age=2592000')
    expect(await said(`node.example:${port}`)).toBeUndefined()
    expect((await ask('GET', '/', { host: 'evil.example' })).headers['strict-transport-security']).toBeUndefined()
  })

  it('takes a renewed certificate while it is open, and goes on with the one it has when that is no good', async () => {
    await door.stop()
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const told: string[] = []
      let source = async () => certificate
      door = await open({ tls: () => source() }, { ...silentLogger, warn: (text: string) => void told.push(text) })
      const secret = await login()
      const first = certificate
      source = async () => Promise.reject(new MystError('CertificateUnusable', 'own.crt ended on 2026-06-01.'))
      await vi.advanceTimersByTimeAsync(3_600_000)
      expect(told).toEqual(['own.crt ended on 2026-06-01.'])
      expect((await ask('GET', '/')).fingerprint).toBe(first.fingerprint)

      const next = await selfMadeCertificate(join(dir, 'next.pem'), ['other.example', 'node.example'], Date.now())
      source = async () => next
      await vi.advanceTimersByTimeAsync(3_600_000)
      await expect(ask('GET', '/')).rejects.toThrow(/self-signed certificate/)
      certificate = next
      const headers = { ...bearer(secret), host: 'other.example' }
      const answer = await ask('POST', '/api/command/state.get', headers, '{}')
      expect([answer.status, answer.fingerprint]).toEqual([200, next.fingerprint])
      expect((await ask('GET', '/', { host: ADDRESS })).status).toBe(403)
      expect(told.at(-1)).toBe(`The page has a new certificate; its SHA-256 fingerprint is ${next.fingerprint}`)
      await vi.advanceTimersByTimeAsync(3_600_000)
      expect(told).toHaveLength(2)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('whoever guesses at the page’s door', () => {
  it('waits for each wrong token, and holds up nobody who has the right one', async () => {
    const startedAt = performance.now()
    let answered = 0
    const wrong = Array.from({ length: 20 }, async () => {
      const answer = await ask('POST', '/api/login', {}, JSON.stringify({ token: 'x'.repeat(43) }))
      answered += 1
      return [answer.status, performance.now() - startedAt >= 990]
    })
    expect(await login()).toMatch(/^[\w-]{43}$/)
    expect(answered).toBe(0)
    for (const answer of await Promise.all(wrong)) expect(answer).toEqual([401, true])
  })

  it('has five passphrases checked, however many are sent at once, and then waits', async () => {
    await door.stop()
    door = await open({ lockAfterMs: 1 })
    const headers = bearer(await login())
    // The clock of the wait stands still: twenty handshakes may take longer than the first wait.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const unlock = (passphrase: string) => ask('POST', '/api/unlock', headers, JSON.stringify({ passphrase }))
    for (let n = 0; n < 4; n++) expect((await unlock('wrong')).status).toBe(422)
    // A person who remembers starts anew.
    expect((await unlock('right')).status).toBe(200)
    checked = 0
    const answers = await Promise.all(Array.from({ length: 20 }, () => unlock('wrong')))
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(5)
    const held = answers.filter(({ status }) => status === 429)
    expect(held).toHaveLength(15)
    expect(checked).toBe(5)
    expect(decode(held[0]?.body ?? '')).toMatchObject({
      error: { name: 'TooManyAttempts', message: 'Too many wrong passphrases; try again in 1 s.' },
    })
    expect(held[0]?.headers['retry-after']).toBe('1')
  })

  it('cannot hold more than 128 connections, and keeps nobody out afterwards', async () => {
    const sockets = Array.from({ length: 128 }, () =>
      connectPlain({ host: ADDRESS, port }).on('error', () => undefined),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    await expect(ask('GET', '/')).rejects.toThrow()
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
    for (const socket of sockets) socket.destroy()
    await closed
    await expect
      .poll(() =>
        ask('GET', '/')
          .then(({ status }) => status)
          .catch(() => 0),
      )
      .toBe(200)
  })
})
