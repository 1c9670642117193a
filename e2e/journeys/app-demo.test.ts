import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../src-renderer/messages/de.ts'
import { en } from '../../src-renderer/messages/en.ts'
import { findChromium } from '../lab/browser.ts'
import { type LineProcess, readLines } from '../lab/line-process.ts'
import { type OpenedApp, openApp } from '../pages/open-app.ts'

const MYST = fileURLToPath(new URL('../../scripts/myst.mjs', import.meta.url))

/** Every English text that is long enough not to be part of a German one. */
const ENGLISH = Object.values(en)
  .flatMap((part) => Object.values(part))
  .filter((text): text is string => typeof text === 'string' && text.length > 12)

/** What a newcomer does first: `npm start`, open the address, two clicks. */
describe.skipIf(findChromium() === undefined)('what npm start opens [needs chromium]', () => {
  let dir: string
  let demo: LineProcess
  let me: OpenedApp

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
    const { address } = await demo.until('the address', (line) => line.event === 'app', 90_000)
    me = await openApp(String(address))
  })
  afterAll(async () => {
    await me?.close()
    await demo?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('is two clicks from connected', async () => {
    const { connect } = me.app
    await connect.quickConnect.click()
    await connect.confirm()
    await connect.state('connected').waitFor()
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
    expect(await english()).toContain(en.connection.connectedText)
    const browser = await page.context().newCDPSession(page)
    const userAgent = await page.evaluate(() => navigator.userAgent)
    await browser.send('Emulation.setUserAgentOverride', { userAgent, acceptLanguage: 'de-DE' })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.reload()
    await heading(de.connection.connected).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de-DE')
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    for (const [colour] of background.matchAll(/\d+/g)) expect(Number(colour)).toBeLessThan(64)
    for (const [screen, title] of [
      [de.app.connect, de.connection.connected],
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

  it('ends with Ctrl-C and leaves nothing behind', async () => {
    expect((await demo.stop()).code).toBe(0)
    expect(readdirSync(join(dir, 'tmp'))).toEqual([])
    const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : []
    expect(namespaces.filter((name) => name.startsWith(`mystdemo-${demo.pid}-`))).toEqual([])
  })
})
