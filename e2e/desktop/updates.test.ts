import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppImageUpdater } from 'electron-updater'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { UpdateState } from '#shared/contract/shell.ts'
import { isFeed } from '../../src-main/desktop/update-feed.ts'
import { createUpdates, type Question, type Updates } from '../../src-main/desktop/updates.ts'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import { provideElectron } from './shell.ts'

// electron-updater itself, with a feed on loopback. Of Electron it needs its version, its way to ask for an
// address, and to quit; Node's own HTTP client stands in for that.
const quits: string[] = []
const asked: { url: string; headers: IncomingHttpHeaders }[] = []
/** What the feed answers, by path. */
const feed = new Map<string, string | Buffer>()
const server = createServer(({ url = '', headers }, response) => {
  asked.push({ url: url.split('?')[0] ?? '', headers })
  const body = feed.get(url.split('?')[0] ?? '')
  response.writeHead(body === undefined ? 404 : 200).end(body)
})
let dir: string
let address: string
let appImage: string
let hooks: { deregister(): void }
let Updater: typeof AppImageUpdater

/** Announces `content` as the AppImage of a version. */
function announce(version: string, content: string, announced = content): void {
  const sha512 = createHash('sha512').update(announced).digest('base64')
  const name = `Mysterium-${version}.AppImage`
  feed.set(`/${name}`, content)
  feed.set(
    '/latest-linux.yml',
    `version: ${version}\nfiles:\n  - url: ${name}\n    sha512: ${sha512}\n    size: ${content.length}\npath: ${name}\nsha512: ${sha512}\n`,
  )
}
const downloads = () => asked.filter(({ url }) => url.endsWith('.AppImage')).length

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'myst-updates-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const app = Object.assign(new EventEmitter(), {
    isPackaged: true,
    whenReady: async () => undefined,
    getVersion: () => '1.0.0',
    getName: () => 'Mysterium',
    getPath: () => dir,
    getAppPath: () => dir,
    quit: () => void quits.push('quit'),
  })
  const net = { request: (options: RequestOptions) => request({ ...options, agent: false }) }
  const session = { fromPartition: () => ({}) }
  hooks = provideElectron({ app, net, session, autoUpdater: new EventEmitter() })
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'))
  appImage = join(dir, 'Mysterium.AppImage')
  vi.stubEnv('APPIMAGE', appImage)
  // Where electron-builder writes it.
  Object.assign(process, { resourcesPath: dir })
  writeFileSync(join(dir, 'app-update.yml'), `provider: generic\nurl: ${address}\nupdaterCacheDirName: mysterium\n`)
  Updater = (await import('electron-updater')).default.AppImageUpdater
})
afterAll(() => {
  hooks?.deregister()
  vi.unstubAllEnvs()
  server.close()
  Object.assign(process, { resourcesPath: undefined })
  rmSync(dir, { recursive: true, force: true })
})

describe('updates', () => {
  let shown: UpdateState[]
  let questions: Question[]
  let answers: boolean[]
  let told: string[]
  let ends: number
  let failures: unknown[]
  let stops: string | undefined
  let updates: Updates

  beforeEach(() => {
    ;[shown, questions, answers, told, failures, ends, stops] = [[], [], [], [], [], 0, undefined]
    asked.length = 0
    quits.length = 0
    feed.clear()
    rmSync(join(dir, 'cache'), { recursive: true, force: true })
    writeFileSync(appImage, 'version 1')
    updates = createUpdates({
      updater: new Updater(),
      show: (state) => shown.push(state),
      ask: async (question) => {
        questions.push(question)
        return answers.shift() ?? false
      },
      tell: (message) => void told.push(message),
      whatStops: () => stops,
      end: async () => void ends++,
      fail: (error) => void failures.push(error),
      log: silentLogger,
    })
    return () => updates.stop()
  })
  const now = () => shown.at(-1)

  test.each([
    ['1.0.0', 'the same'],
    ['0.9.0', 'an older one'],
  ])('version %s is no update (%s)', async (version) => {
    announce(version, 'x')
    await updates.check(true)
    expect(shown.map(({ name }) => name)).toEqual(['none', 'checking', 'none'])
    expect(told).toEqual(['This is the newest version.'])
    expect([questions.length, downloads()]).toEqual([0, 0])
  })

  test('a newer version is asked about, and not downloaded without a yes', async () => {
    announce('2.0.0', 'x')
    await updates.check(false)
    expect(questions.map(({ message }) => message)).toEqual(['Version 2.0.0 of Mysterium is there.'])
    expect([now(), downloads()]).toEqual([{ name: 'available', version: '2.0.0' }, 0])
    // By itself it asks once; a person who looks again is asked again.
    await updates.check(false)
    expect(questions).toHaveLength(1)
    await updates.check(true)
    expect(questions).toHaveLength(2)
    // Nothing is installed that is not there.
    await updates.install()
    expect([quits, ends]).toEqual([[], 0])
  })

  test('whoever runs the feed is told nothing that knows this installation again', async () => {
    announce('2.0.0', 'x')
    answers = [true]
    await updates.check(false)
    expect(downloads()).toBe(1)
    expect(asked.map(({ headers }) => headers['x-user-staging-id'])).toEqual(asked.map(() => ''))
    expect(JSON.stringify(asked)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
  })

  test('downloaded, it waits for a yes that says what stops', async () => {
    announce('2.0.0', 'x'.repeat(100_000))
    stops = 'Your connection ends: your traffic takes your own address again.'
    answers = [true, false]
    await updates.check(false)
    expect(shown.map(({ name }) => name).filter((name) => name !== 'downloading')).toEqual([
      ...['none', 'checking', 'available', 'ready'],
    ])
    expect(questions[1]?.detail).toBe(`${stops}\nMysterium starts again.`)
    expect([quits, ends, readFileSync(appImage, 'utf8')]).toEqual([[], 0, 'version 1'])
    // A later look does not lose what is there.
    await updates.check(false)
    expect(now()).toEqual({ name: 'ready', version: '2.0.0' })
  })

  test('installed, the node ends first, and the new version is in its place and runs', async () => {
    announce('2.0.0', `#!/bin/sh\necho "$APPIMAGE_SILENT_INSTALL" > "${join(dir, 'ran')}"\n`)
    answers = [true, true]
    await updates.check(false)
    expect(ends).toBe(1)
    await vi.waitUntil(() => quits.length > 0)
    expect(readFileSync(appImage, 'utf8')).toMatch(/^#!\/bin\/sh/)
    await vi.waitUntil(() => existsSync(join(dir, 'ran')))
    expect(failures).toEqual([])
  })

  test('what is not as it was announced is neither kept nor installed', async () => {
    announce('2.0.0', 'evil', 'good')
    answers = [true, true]
    await updates.check(false)
    expect(now()).toMatchObject({ name: 'failed', message: expect.stringMatching(/sha512 checksum mismatch/) })
    expect(told.join()).toMatch(/did not work/)
    expect([quits, ends, readFileSync(appImage, 'utf8')]).toEqual([[], 0, 'version 1'])
    const cache = join(dir, 'cache')
    const kept = existsSync(cache)
      ? readdirSync(cache, { recursive: true }).filter((name) => /AppImage/.test(`${name}`))
      : []
    expect(kept).toEqual([])
    await updates.install()
    expect(quits).toEqual([])
  })

  test.each([
    ['is not there', undefined],
    ['is no YAML', '<html>\u0000'],
    ['names no version', 'files: []'],
    ['names a version that is none', 'version: "2;rm -rf /"\nfiles: []\npath: x\nsha512: x\n'],
    ['has a prototype in it', 'version: 2.0.0\n__proto__: {polluted: true}\nfiles: 1\n'],
  ])('a feed that %s is said to have failed, to whoever asked', async (_what, text) => {
    if (text !== undefined) feed.set('/latest-linux.yml', text)
    await updates.check(false)
    expect(told).toEqual([])
    await updates.check(true)
    if (now()?.name === 'available') await updates.download()
    expect(now()?.name).toBe('failed')
    expect(told).toHaveLength(1)
    expect(told[0]).not.toMatch(/\p{Cc}/u)
    expect([downloads(), ends]).toEqual([0, 0])
  })

  test('an update that cannot be put in place says so; the app does not stay without its node', async () => {
    announce('2.0.0', 'x')
    answers = [true, false]
    await updates.check(false)
    rmSync(appImage)
    answers = [true]
    await updates.install()
    expect(failures).toHaveLength(1)
    expect(quits).toEqual([])
  })
})

test('the feed is taken from the package only, and over https only', () => {
  const file = join(dir, 'another-update.yml')
  const of = (text: string) => {
    writeFileSync(file, text)
    return isFeed(file)
  }
  expect(isFeed(join(dir, 'missing.yml'))).toBe(false)
  expect(of('provider: generic\nurl: https://updates.example/\n')).toBe(true)
  for (const url of ['http://updates.example/', 'HTTP://x/', 'file:///tmp/', 'ftp://x/', '"http://x"'])
    expect(of(`provider: generic\nurl: ${url}\n`)).toBe(false)
  expect(of('provider: generic\nurl: https://a.example/\nother: http://b.example/\n')).toBe(false)
})
