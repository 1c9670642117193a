import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { countryName } from '../../src-renderer/messages/countries.ts'
import { de } from '../../src-renderer/messages/de.ts'
import { en } from '../../src-renderer/messages/en.ts'
import { speak } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { type LineProcess, readLines } from '../lab/line-process.ts'
import { ConnectPage } from '../pages/connect-page.ts'
import { type OpenedApp, openApp } from '../pages/open-app.ts'

const MYST = fileURLToPath(new URL('../../scripts/myst.mjs', import.meta.url))

/** Every English text that is long enough not to be part of a German one. */
const ENGLISH = Object.values(en)
  .flatMap((part) => Object.values(part))
  .filter((text): text is string => typeof text === 'string' && text.length > 12)

/** The process of a part of the demo, by its home. */
function partOf(demo: number, home: string): number {
  const children = readFileSync(`/proc/${demo}/task/${demo}/children`, 'utf8').trim().split(' ')
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .some((word) => word.endsWith(`/${home}`)),
  )
  if (!found) throw new Error(`The demo has no ${home} any more.`)
  return Number(found)
}

/** What a newcomer does first: `npm start`, open the address, two clicks. */
describe.skipIf(findChromium() === undefined)('what npm start opens [needs chromium]', () => {
  let dir: string
  let demo: LineProcess
  let me: OpenedApp
  let isTunnel = false
  let look: string | undefined
  /** As the person is told to see it; none where everything shares loopback. */
  const seenAs = () => look && execFileSync('sh', ['-c', look], { encoding: 'utf8' }).trim()

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mystd-'))
    // Everything it makes goes in here, so that what it leaves behind can be seen.
    const made = join(dir, 'tmp')
    mkdirSync(made)
    const child = spawn(process.execPath, [MYST, '--json', 'demo'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: made },
    })
    demo = readLines(child, 'myst demo', join(dir, 'demo.log'))
    const app = await demo.until('the address', (line) => line.event === 'app', 90_000)
    look = app.look === null ? undefined : String(app.look)
    me = await openApp(String(app.address))
  })
  afterAll(async () => {
    await me?.close()
    await demo?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('is two clicks from connected', async () => {
    const { connect } = me.app
    const own = seenAs()
    await connect.quickConnect.click()
    await connect.confirm()
    // Whoever may not make a tunnel here gets the proxy.
    await connect.state('connected').or(connect.state('proxyReady')).waitFor()
    isTunnel = await connect.state('connected').isVisible()
    if (isTunnel) {
      expect(own).toMatch(/^[\d.]+$/)
      expect(await connect.figure('exit').textContent()).toContain(seenAs())
      expect(seenAs()).not.toBe(own)
    }
    expect(me.problems()).toEqual([])
  })

  it('is somewhere else two clicks later, without being disconnected in between', async () => {
    const { connect } = me.app
    const states = await connect.watchStates()
    const exit = await connect.figure('exit').textContent()
    await connect.switchLocation.click()
    await connect.offers
      .filter({ hasText: countryName('NL') })
      .filter({ hasText: isTunnel ? en.service.tags.openvpn : en.service.tags.socks })
      .getByRole('button', { name: en.connect.connect })
      .last()
      .click()
    await connect.confirm()
    await expect.poll(() => connect.figure('exit').textContent({ timeout: 60_000 }), { timeout: 60_000 }).not.toBe(exit)
    const connected = isTunnel ? en.connection.connected : en.connection.proxyReady
    expect(await states()).toEqual([connected, en.connection.connecting, connected])
    expect(me.problems()).toEqual([])
  })

  it('speaks German in the dark to a browser that asks for it, and another language at once', async () => {
    const { page } = me
    const goTo = (name: string) => page.getByRole('navigation', { name: de.app.navigation }).getByRole('link', { name })
    const heading = (name: string) => page.getByRole('main').getByRole('heading', { name, level: 1, exact: true })
    const english = async () => {
      const shown = (await page.locator('body').textContent()) ?? ''
      return ENGLISH.filter((text) => shown.includes(text))
    }
    expect(await english()).toContain(isTunnel ? en.connection.connectedText : en.connection.connectedSocksText)
    const browser = await page.context().newCDPSession(page)
    const userAgent = await page.evaluate(() => navigator.userAgent)
    await browser.send('Emulation.setUserAgentOverride', { userAgent, acceptLanguage: 'de-DE' })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.reload()
    const connected = isTunnel ? de.connection.connected : de.connection.proxyReady
    await heading(connected).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de-DE')
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    for (const [colour] of background.matchAll(/\d+/g)) expect(Number(colour)).toBeLessThan(64)
    for (const [screen, title] of [
      [de.app.connect, connected],
      [de.app.share, de.share.switch],
      [de.app.wallet, de.wallet.title],
      [de.app.activity, de.activity.title],
      [de.app.settings, de.settings.title],
    ] as const) {
      await goTo(screen).click()
      await heading(title).waitFor()
      expect(await english()).toEqual([])
    }

    // What is typed stays when the language changes.
    await page.getByRole('textbox', { name: de.settings.resolver }).fill('9.9.9')
    await page.getByRole('combobox', { name: de.settings.language }).selectOption('en')
    await heading(en.settings.title).waitFor()
    expect(await page.getByRole('textbox', { name: en.settings.resolver }).inputValue()).toBe('9.9.9')
    await page.getByRole('combobox', { name: en.settings.language }).selectOption('de')
    await heading(de.settings.title).waitFor()

    await goTo(de.app.wallet).click()
    await page.getByRole('button', { name: de.wallet.withdraw }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(de.wallet.amount).fill('0,5')
    await dialog.getByText('0,5\u00a0MYST', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: de.app.cancel }).click()
    await goTo(de.app.connect).click()
    await page.getByRole('button', { name: de.connect.disconnect, exact: true }).click()
    await heading(de.connection.disconnected).waitFor()
    expect(me.problems()).toEqual([])
  })

  it('goes on when a provider is killed, with the next one, and without any goes on trying', async () => {
    speak('de', ['de-DE']) // as the page does since the test before
    onTestFinished(() => speak('en', []))
    const connect = new ConnectPage(me.page)
    const lost = (country: string) =>
      demo.until(`word of ${country}`, ({ event, message }) => event === 'lost' && String(message).includes(country))
    await connect.quickConnect.click()
    await connect.confirm()
    await connect.state('connected').waitFor()

    process.kill(partOf(demo.pid, 'provider'), 'SIGKILL')
    expect(await lost('in DE ended')).toMatchObject({
      message: expect.stringMatching(/^The provider in DE ended \(SIGKILL\)\. Still there: .*the provider in NL/),
    })
    await connect.state('reconnecting').waitFor({ timeout: 60_000 })
    await connect.state('connected').waitFor({ timeout: 60_000 })
    // It stands there until it is put away, also for who comes back to the page.
    const text = (await connect.elsewhere.textContent()) ?? ''
    for (const word of [countryName('DE'), countryName('NL'), 'MYST']) expect(text).toContain(word)
    await me.page.reload()
    await connect.elsewhere.getByRole('button', { name: de.failure.dismiss }).click()
    await connect.elsewhere.waitFor({ state: 'detached' })

    process.kill(partOf(demo.pid, 'provider2'), 'SIGKILL')
    expect(String((await lost('in NL ended')).message)).not.toContain('in DE')
    await connect.state('reconnecting').waitFor({ timeout: 60_000 })
    expect(demo.lines.some(({ event }) => event === 'ended')).toBe(false)
  })

  it('ends with Ctrl-C and leaves nothing behind', async () => {
    expect((await demo.stop()).code).toBe(0)
    expect(readdirSync(join(dir, 'tmp'))).toEqual([])
    const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : []
    expect(namespaces.filter((name) => name.startsWith(`mystdemo-${demo.pid}-`))).toEqual([])
  })
})

it('says which part ended when everything ends with it, and leaves nothing behind', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mystd-'))
  const made = join(dir, 'tmp')
  mkdirSync(made)
  const child = spawn(process.execPath, [MYST, '--json', 'demo'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: made },
  })
  const demo = readLines(child, 'myst demo', join(dir, 'demo.log'))
  try {
    await demo.until('the address', (line) => line.event === 'app', 90_000)
    const hub = partOf(demo.pid, 'hub')
    const [anvil] = readFileSync(`/proc/${hub}/task/${hub}/children`, 'utf8').trim().split(' ')
    process.kill(Number(anvil), 'SIGKILL')
    const { code, stderr } = await demo.exited
    expect(demo.lines.at(-1)).toEqual({
      event: 'ended',
      message: 'The chain with the broker ended (code 1), so everything ends.',
    })
    expect(stderr).toContain('The local chain ended by itself')
    expect(code).toBe(1)
    expect(readdirSync(made)).toEqual([])
  } finally {
    await demo.stop()
    rmSync(dir, { recursive: true, force: true })
  }
})
