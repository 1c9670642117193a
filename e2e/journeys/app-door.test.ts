import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSocketProxy } from '../../src-main/node/localnet/socket-proxy.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { createLoopback, type Loopback } from '../lab/loopback.ts'
import { AppPage } from '../pages/app-page.ts'
import { type OpenedApp, openApp } from '../pages/open-app.ts'

/* The page in a browser and its node, on one machine's own loopback: who is let in, and what each knows of the other. */

const PASSPHRASE = 'four quiet rivers under glass'
/** Three beats, and what a busy machine adds. */
const NOTICED_MS = 20_000

describe.skipIf(findChromium() === undefined)('the app in a browser [needs chromium]', () => {
  let loopback: Loopback
  let node: LineProcess
  let me: OpenedApp

  const startApp = async (home: string, ...options: string[]) => {
    const started = loopback.start(['app', ...options], { home })
    const { address, token } = await started.until('its page', (line) => line.event === 'app', 30_000)
    return { started, address: String(address), token: String(token) }
  }

  beforeAll(async () => {
    loopback = createLoopback(PASSPHRASE)
    await loopback.run(['identity', 'new'], { home: 'idle' })
    const { started, address, token } = await startApp('home')
    node = started
    me = await openApp(`${address}/#token=${token}`)
    await me.app.setup.lookAround.click()
  })
  afterAll(async () => {
    await me?.close()
    await loopback?.dispose()
  })

  it('shows in every page what the command line did, and the command line what a page did', async () => {
    const other = new AppPage(await me.page.context().newPage())
    await other.open(`${new URL(me.page.url()).origin}/#/settings`)
    await me.app.goTo('settings')
    await loopback.run(['settings', 'set', 'allow-local-network', 'on'])
    const isOn = (on: boolean) =>
      Promise.all(
        [me.app, other].map((app) =>
          app.page.getByRole('main').getByRole('switch', { name: 'Local network', checked: on }).waitFor(),
        ),
      )
    await isOn(true)
    await other.settings.localNetwork.click()
    await isOn(false)
    const { lines } = await loopback.run(['settings'])
    expect(lines).toContainEqual(expect.objectContaining({ setting: 'allow-local-network', value: 'off' }))
    await other.page.close()
  })

  it('says within seconds that the node hangs, and goes on by itself when it is back', async () => {
    node.kill('SIGSTOP')
    await me.app.lost.waitFor({ timeout: NOTICED_MS })
    // What was known stays in sight meanwhile.
    await me.app.settings.localNetwork.waitFor()
    node.kill('SIGCONT')
    await me.app.lost.waitFor({ state: 'hidden', timeout: NOTICED_MS })
    await loopback.run(['settings', 'set', 'allow-local-network', 'on'])
    await me.page.getByRole('main').getByRole('switch', { name: 'Local network', checked: true }).waitFor()
  })

  it('asks again by itself for what it could not get while the way to the node was cut', async () => {
    const path = join(loopback.dir, 'cut.sock')
    const { token } = await startApp('cut', '--path', path)
    const way = await openSocketProxy(path)
    const cut = await openApp(`http://127.0.0.1:${way.port}/#token=${token}`)
    let again: typeof way | undefined
    try {
      await cut.app.setup.lookAround.click()
      await cut.app.navigation.waitFor()
      await way.close()
      await cut.app.lost.waitFor({ timeout: NOTICED_MS })
      await cut.app.goTo('activity')
      // Not that there is nothing: nobody could say so.
      await cut.page.getByRole('main').getByRole('heading', { name: m.activity.title }).waitFor()
      expect(await cut.app.activity.empty.count()).toBe(0)
      again = await openSocketProxy(path, way.port)
      await cut.app.lost.waitFor({ state: 'hidden', timeout: NOTICED_MS })
      await cut.app.activity.empty.waitFor()
    } finally {
      await cut.close()
      await again?.close()
    }
  })

  it('asks nobody for money while there is no network', async () => {
    const { address, token } = await startApp('nowhere')
    const nowhere = await openApp(`${address}/#token=${token}`)
    try {
      const { app, page } = nowhere
      const sentence = page.getByText('No network is chosen; name one with --network FILE.')
      await sentence.waitFor()
      await app.setup.createIdentity(PASSPHRASE)
      await app.setup.backUp(join(loopback.dir, 'backup.json'), PASSPHRASE)
      await page.getByText(m.setup.fundNoNetwork).waitFor()
      expect(await sentence.count()).toBe(1)
      const nobodyPays = async () => {
        expect(await page.getByText(/0x[0-9a-f]{40}/).count()).toBe(0)
        expect(await page.getByText(/\d\sMYST/).count()).toBe(0)
        expect(await page.getByRole('img', { name: m.setup.qr }).count()).toBe(0)
      }
      await nobodyPays()
      expect(await page.getByRole('main').getByRole('button').count()).toBe(0)
      await app.setup.later.click()
      await app.goTo('wallet')
      await page.getByText(m.wallet.closed['no-network']).waitFor()
      await nobodyPays()
    } finally {
      await nowhere.close()
    }
  })

  it('gives nothing to a web server at another port of this machine', async () => {
    const seen: IncomingHttpHeaders[] = []
    const listen = async (cookie?: string): Promise<Server> => {
      const server = createServer((request, response) => {
        seen.push(request.headers)
        response
          .writeHead(200, { 'content-type': 'text/html', ...(cookie && { 'set-cookie': cookie }) })
          .end('<p>hi</p>')
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }
    const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const app = me.page.url()
    const servers = [await listen('theirs=1; Path=/'), await listen()]
    try {
      for (const server of servers) await me.page.goto(addressOf(server))
      // This is what happens to cookies: the second got the first one's.
      expect(seen.at(-1)?.cookie).toBe('theirs=1')
      expect(seen.some(({ cookie }) => cookie?.includes('myst'))).toBe(false)
      expect(await me.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).toBe('{}')
      expect(await me.page.context().cookies()).toMatchObject([{ name: 'theirs' }])
    } finally {
      for (const server of servers) server.close()
    }
    // This page is still let in.
    await me.page.goto(app)
    await me.app.settings.localNetwork.waitFor()
  })

  it('asks for the passphrase when nobody did anything for long, and goes on where it was', async () => {
    const { started, address, token } = await startApp('idle', '--lock-after', '0.1')
    const idle = await openApp(`${address}/#token=${token}`)
    try {
      const { app, page } = idle
      await app.navigation.waitFor()
      await app.goTo('wallet')
      const title = page.getByRole('heading', { name: 'This page is locked' })
      await title.waitFor({ timeout: NOTICED_MS })
      expect(await app.navigation.count()).toBe(0)
      await page.reload()
      await title.waitFor()
      await app.unlock.unlock('four quiet rivers under grass')
      await app.unlock.error.filter({ hasText: 'passphrase' }).waitFor()
      await app.unlock.unlock(PASSPHRASE)
      await app.navigation.waitFor()
      expect(new URL(page.url()).hash).toBe('#/wallet')
      expect((await started.stop()).code).toBe(0)
    } finally {
      await idle.close()
    }
  })

  it('wears the theme that was chosen before anything else of the page is there', async () => {
    const { page } = me
    const isDark = async () =>
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await me.app.goTo('settings')
    await me.app.settings.theme.selectOption(m.settings.themes.dark)
    await isDark()
    const others = /assets\/(?!theme-first)[^/]*\.js$/
    await page.route(others, (route) => route.abort())
    await page.reload()
    await isDark()
    expect(await page.locator('#root > *').count()).toBe(0)
    await page.unroute(others)
    await page.reload()
    await me.app.settings.theme.selectOption(m.settings.themes.system)
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBeUndefined()
  })

  it('lets another browser in by a link of the page, and by one of the command line, while it runs', async () => {
    await me.app.goTo('settings')
    const enter = async (link: string) => {
      const other = await openApp(link)
      await other.app.navigation.or(other.app.setup.lookAround).first().waitFor()
      await other.close()
    }
    const made = await me.app.settings.linkForAnotherBrowser()
    await enter(made)
    const { lines } = await loopback.run(['app', 'address'])
    const [line] = lines
    expect(line).toMatchObject({ event: 'address', address: new URL(made).origin })
    await enter(`${line?.address}/#token=${line?.token}`)
    // A link works once; and this page was in all the while.
    const late = await openApp(made)
    await late.page.getByRole('heading', { name: m.app.signedOutTitle }).waitFor()
    await late.close()
    await me.app.settings.localNetwork.waitFor()
    expect((await loopback.run(['app', 'address'], { home: 'nobody' })).stderr).toContain('NoNode')
  })

  it('is found again by its page when it was killed and started again, which says what to open', async () => {
    const first = await startApp('killed')
    const page = await openApp(`${first.address}/#token=${first.token}`)
    try {
      await page.app.setup.lookAround.click()
      expect(await page.page.title()).toBe(`${m.connection.disconnected} – Mysterium`)
      first.started.kill('SIGKILL')
      await page.app.lost.waitFor({ timeout: NOTICED_MS })
      expect(await page.page.title()).toBe(`${m.connection.unknown} – Mysterium`)
      const second = await startApp('killed')
      expect(second.address).toBe(first.address)
      // What let the page in went with the first one.
      await page.page.getByRole('heading', { name: m.app.signedOutTitle }).waitFor({ timeout: NOTICED_MS })
      await page.page.getByText(m.app.signedOutText).waitFor()
      expect(await page.page.title()).toBe('Mysterium')
      await page.page.goto(`${second.address}/#token=${second.token}`)
      await page.app.navigation.or(page.app.setup.lookAround).first().waitFor()
    } finally {
      await page.close()
    }
  })
})
