import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { findChromium, openBrowser } from './browser.ts'
import { createLab, type Lab } from './lab.ts'

describe.skipIf(whyNoHosts() !== undefined)('the lab [needs root]', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await createLab()
  })
  afterAll(() => lab?.dispose())

  it('shows a caller its own address, and notes it', async () => {
    const { status, text } = await lab.transfer('consumer', { url: 'http://198.51.100.200/ip' })
    expect({ status, text }).toEqual({ status: 200, text: '198.51.100.10' })
    const six = await lab.transfer('provider', { url: 'http://[2001:db8:5::10]/ip' })
    expect(six.text).toBe('2001:db8:2::10')
    expect(lab.requests().map(({ from, path }) => `${from} ${path}`)).toEqual([
      '198.51.100.10 /ip',
      '2001:db8:2::10 /ip',
    ])
  })

  it('moves bytes both ways, and the kernel counts them', async () => {
    const before = await lab.counters('consumer', 'eth0')
    const down = await lab.transfer('consumer', { url: 'http://198.51.100.200/bytes/20000000' })
    expect(down.bytes).toBe(20_000_000)
    expect(down.firstByteMs).toBeLessThanOrEqual(down.totalMs)
    const up = await lab.transfer('consumer', {
      url: 'http://198.51.100.200/sink',
      method: 'PUT',
      uploadBytes: 10_000_000,
    })
    expect(up.text).toBe('10000000')
    const after = await lab.counters('consumer', 'eth0')
    expect(after.receivedBytes - before.receivedBytes).toBeGreaterThan(20_000_000)
    expect(after.receivedBytes - before.receivedBytes).toBeLessThan(24_000_000)
    expect(after.sentBytes - before.sentBytes).toBeGreaterThan(10_000_000)
    expect(after.sentBytes - before.sentBytes).toBeLessThan(12_000_000)
  })

  it('says so when nobody answers', async () => {
    await expect(lab.transfer('consumer', { url: 'http://198.51.100.200:81/ip' })).rejects.toThrow(/ECONNREFUSED/)
    await expect(lab.transfer('consumer', { url: 'http://192.0.2.77/ip', timeoutMs: 300 })).rejects.toThrow()
  })

  it('tells what a program printed when it ends too early or waits too long', async () => {
    const early = lab.start('hub', process.execPath, ['-e', 'console.log("hello"); console.error("oh")'])
    await expect(early.until('more', () => false)).rejects.toThrow(/ended before more[\s\S]*hello[\s\S]*oh/)
    const late = lab.start('hub', process.execPath, ['-e', 'console.log("{\\"a\\":1}"); setInterval(() => {}, 1000)'])
    await late.until('a', (line) => line.a === 1)
    await expect(late.until('b', (line) => 'b' in line, 50)).rejects.toThrow(/no b within 50 ms/)
    expect((await late.stop()).signal).toBe('SIGINT')
  })

  it.skipIf(findChromium() === undefined)(
    'opens a page behind a Unix socket in a browser [needs chromium]',
    async () => {
      const path = join(lab.dir, 'page.sock')
      const server = createServer((_request, response) =>
        response.setHeader('content-type', 'text/html').end('<h1>Hello'),
      )
      await new Promise<void>((resolve) => server.listen({ path }, resolve))
      const browser = await openBrowser()
      try {
        await browser.page.goto(await lab.door(path))
        expect(await browser.page.textContent('h1')).toBe('Hello')
      } finally {
        await browser.close()
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  )
})
