import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageHandler, PAGE_POLICY } from './page.ts'

let dir: string
const get = (url: string, method = 'GET') => createPageHandler(join(dir, 'page'))(new Request(url, { method }))

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'myst-page-'))
  mkdirSync(join(dir, 'page', 'assets'), { recursive: true })
  mkdirSync(join(dir, 'page-secrets'))
  writeFileSync(join(dir, 'page', 'index.html'), '<p>page</p>')
  writeFileSync(join(dir, 'page', 'assets', 'a.js'), 'let a')
  writeFileSync(join(dir, 'page', 'notes.txt'), 'no')
  writeFileSync(join(dir, 'page-secrets', 'key.json'), 'secret')
  writeFileSync(join(dir, 'secret.json'), 'secret')
  symlinkSync(join(dir, 'secret.json'), join(dir, 'page', 'link.json'))
})
afterAll(() => rmSync(dir, { recursive: true }))

test('serves the page under its policy', async () => {
  const response = await get('app://mysterium/index.html')
  expect(await response.text()).toBe('<p>page</p>')
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('content-security-policy')).toBe(PAGE_POLICY)
  expect((await get('app://mysterium/assets/a.js?x=1')).headers.get('content-type')).toMatch(/^text\/javascript/)
})

test.each([
  ['app://mysterium/../secret.json', 404],
  ['app://mysterium/%2e%2e/secret.json', 404],
  ['app://mysterium/..%2fsecret.json', 404],
  ['app://mysterium/..%2fpage-secrets%2fkey.json', 404],
  ['app://mysterium/..%5csecret.json', 404],
  ['app://mysterium/link.json', 404],
  ['app://mysterium/notes.txt', 404],
  ['app://mysterium/', 404],
  ['app://mysterium/assets', 404],
  ['app://mysterium/index.html%00.js', 404],
  ['app://mysterium/%E0%A4%A', 404],
  ['app://mysterium/missing.js', 404],
  ['app://elsewhere/index.html', 403],
  ['app://mysterium.example/index.html', 403],
])('serves nothing for %s', async (url, status) => {
  const response = await get(url)
  expect(response.status).toBe(status)
  expect(await response.text()).toBe('')
})

test('serves no other method', async () => {
  expect((await get('app://mysterium/index.html', 'POST')).status).toBe(405)
})
