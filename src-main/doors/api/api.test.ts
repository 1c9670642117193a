import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'
import { createNode, type MysteriumNode } from '../../node/create-node.ts'
import { silentLogger } from '../../node/lib/logger.ts'
import { keepApi } from './keep-api.ts'
import { openApi } from './openapi.ts'

type Answer = { status: number; headers: IncomingHttpHeaders; body: unknown; ms: number }
type Ask = { method?: string; headers?: Record<string, string>; key?: string; body?: string }

describe('the local API of programs', () => {
  const home = mkdtempSync(join(tmpdir(), 'api-'))
  let node: MysteriumNode
  let api: ReturnType<typeof keepApi>
  let port = 0
  let id = ''
  let key = ''

  const ask = (path: string, { method = 'GET', headers = {}, key: given = key, body }: Ask = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const startedAt = performance.now()
      const bearer = given === '' ? {} : { Authorization: `Bearer ${given}` }
      const outgoing = request(
        { port, host: '127.0.0.1', method, path, headers: { ...bearer, ...headers } },
        (incoming) => {
          let text = ''
          incoming.setEncoding('utf8')
          incoming.on('data', (chunk: string) => {
            text += chunk
          })
          incoming.on('end', () => {
            const { statusCode: status = 0, headers } = incoming
            resolve({
              status,
              headers,
              body: text === '' ? undefined : JSON.parse(text),
              ms: performance.now() - startedAt,
            })
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  const refused = (status: number, name: string) => ({ status, body: { error: { name, message: expect.any(String) } } })
  const listening = () => node.state.when((state) => state.api.address !== undefined || state.api.problem !== undefined)

  beforeAll(async () => {
    port = await freePort()
    node = await createNode({ home, network: undefined, log: silentLogger })
    api = keepApi({ programs: node.programs, state: node.state, log: silentLogger })
    await node.handlers['settings.set']({ programsApi: true, programsApiPort: port })
    await listening()
    id = (await node.handlers['programs.add']({ name: 'Backup', budget: MYST })).id
    key = (await node.handlers['programs.newKey']({ id })).key
  })
  afterAll(async () => {
    await api.stop()
    await node.stop()
    rmSync(home, { recursive: true, force: true })
  })

  it('tells a program what is its own', async () => {
    expect(node.state.get().api).toEqual({ address: `http://127.0.0.1:${port}` })
    const { status, body, headers } = await ask('/v1/program')
    expect([status, body]).toEqual([
      200,
      { name: 'Backup', budgetMyst: '1', spentMyst: '0', leftMyst: '1', socksPort: 14_101 },
    ])
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(node.state.get().programs[0]).toMatchObject({ keyHint: key.slice(-4), lastUsedAtMs: expect.any(Number) })
  })

  it('answers no web page: neither one that says so nor one whose name was pointed here', async () => {
    for (const path of ['/v1/program', '/v1/openapi.json']) {
      for (const headers of [
        { Host: 'evil.example' },
        { Host: `evil.example:${port}` },
        { Host: `127.0.0.1.evil.example:${port}` },
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { Origin: `http://127.0.0.1:${port}` },
      ]) {
        expect(await ask(path, { headers })).toMatchObject(refused(403, 'Forbidden'))
      }
      expect((await ask(path, { headers: { Host: `localhost:${port}` } })).status).toBe(200)
    }
    const preflight = { method: 'OPTIONS', headers: { Origin: 'https://evil.example' } }
    expect(await ask('/v1/connection', preflight)).toMatchObject(refused(403, 'Forbidden'))
  })

  it('lets wrong keys wait, and nobody else', async () => {
    const wrong = ['', 'myst_', `${key}x`, key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'x'.repeat(2_000)]
    const [right, ...others] = await Promise.all([key, ...wrong].map((given) => ask('/v1/program', { key: given })))
    expect(right?.status).toBe(200)
    expect(right?.ms).toBeLessThan(900)
    for (const answer of others) {
      expect(answer).toMatchObject(refused(401, 'Unauthorized'))
      expect(answer.headers).toMatchObject({ 'www-authenticate': 'Bearer' })
      expect(answer.ms).toBeGreaterThan(900)
      expect(JSON.stringify(answer.body)).not.toContain(key.slice(5))
    }
  })

  it('knows no key that was replaced, from that moment on, and none of a program that is gone', async () => {
    const other = await node.handlers['programs.add']({ name: 'Mail', budget: 5n * MYST })
    const { key: first } = await node.handlers['programs.newKey'](other)
    expect((await ask('/v1/program', { key: first })).body).toMatchObject({ name: 'Mail', budgetMyst: '5' })
    // Each sees its own, with nothing in between that could name another.
    expect((await ask('/v1/program')).body).toMatchObject({ name: 'Backup' })
    for (const path of [`/v1/program/${other.id}`, `/v1/program?id=${other.id}`, `/v1/programs`]) {
      expect(JSON.stringify((await ask(path)).body)).not.toContain('Mail')
    }
    const { key: second } = await node.handlers['programs.newKey'](other)
    expect(await ask('/v1/program', { key: first })).toMatchObject(refused(401, 'Unauthorized'))
    expect((await ask('/v1/program', { key: second })).status).toBe(200)
    await node.handlers['programs.remove'](other)
    expect(await ask('/v1/program', { key: second })).toMatchObject(refused(401, 'Unauthorized'))
  })

  it('holds so many connections and no more, and goes on when they are gone', async () => {
    const sockets = Array.from({ length: 80 }, () => connect(port, '127.0.0.1'))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    let closed = 0
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.on('error', () => undefined)
        socket.on('close', () => ++closed === 80 - 64 && resolve())
        socket.resume()
      }
    })
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => ask('/v1/program').then(({ status }) => status, String)).toBe(200)
  })

  it('has none of the commands of the app', async () => {
    for (const path of [
      '/',
      '/api/command/state.get',
      '/api/login',
      '/v1',
      '/v1/../api/command/state.get',
      '/v1/state',
    ]) {
      for (const method of ['GET', 'POST']) {
        expect(await ask(path, { method })).toMatchObject(refused(404, 'NotFound'))
      }
    }
    expect(await ask('/v1/program', { method: 'DELETE' })).toMatchObject(refused(405, 'MethodNotAllowed'))
  })

  it('says 423 while the identity is locked, and still what the program has', async () => {
    for (const [method, path] of [
      ['GET', '/v1/proposals'],
      ['GET', '/v1/connection?until=settled'],
      ['POST', '/v1/connection'],
      ['DELETE', '/v1/connection'],
    ]) {
      expect(await ask(String(path), { method: String(method) })).toMatchObject(refused(423, 'Locked'))
    }
    expect((await ask('/v1/program')).status).toBe(200)
  })

  it('names every route that answers in a document that needs no key', async () => {
    const { status, body } = await ask('/v1/openapi.json', { key: '' })
    expect([status, body]).toEqual([200, JSON.parse(JSON.stringify(openApi(`http://127.0.0.1:${port}`)))])
    const { paths } = body as { paths: Record<string, Record<string, { responses: object }>> }
    for (const path of [...Object.keys(paths), '/v1/identity', '/v1/wallet', '/v1/programs']) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
        const answer = await ask(path, { method })
        const documented = paths[path]?.[method.toLowerCase()]
        if (!documented) expect([404, 405], `${method} ${path}`).toContain(answer.status)
        else expect(Object.keys(documented.responses), `${method} ${path}`).toContain(String(answer.status))
      }
    }
  })

  it('and that document is OpenAPI 3.1', async () => {
    const judge = async (document: object) => {
      const validator = new Validator()
      const { valid } = await validator.validate({ ...document })
      return [validator.version, valid]
    }
    expect(await judge(openApi('http://127.0.0.1:1'))).toEqual(['3.1', true])
    // The positive control.
    const paths = { '/x': { get: { responses: { 200: {} } } } }
    expect(await judge({ ...openApi('http://127.0.0.1:1'), paths })).toEqual(['3.1', false])
  })

  it('closes with its setting, moves with its port, and says when the port is taken', async () => {
    await node.handlers['settings.set']({ programsApi: false })
    await node.state.when((state) => state.api.address === undefined)
    await expect(ask('/v1/program')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const taken = (other.address() as { port: number }).port
    await node.handlers['settings.set']({ programsApi: true, programsApiPort: taken })
    await listening()
    expect(node.state.get().api).toEqual({ problem: expect.stringContaining(`${taken} is in use`) })
    await node.handlers['settings.set']({ programsApiPort: port })
    await node.state.when((state) => state.api.address !== undefined)
    expect((await ask('/v1/program')).status).toBe(200)
    await new Promise((resolve) => other.close(resolve))
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
