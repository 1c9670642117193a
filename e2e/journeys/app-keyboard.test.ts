import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { countryName } from '../../src-renderer/messages/countries.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { createTrade } from '../lab/trade.ts'
import { inOrder } from '../pages/in-order.ts'
import { ANY, matching } from '../pages/look.ts'
import { type OpenedApp, openApp, startApp } from '../pages/open-app.ts'

/*
 * First run, connection, withdrawal and sharing by keyboard alone: Tab, Enter, Space, Escape and what is typed. Wherever the focus stops it can be seen,
 * and what happens meanwhile is told to a screen reader.
 */

const PASSPHRASE = 'four quiet rivers under glass'
/** More stops than any screen has. */
const MOST_STOPS = 80

const runs = whyNoHosts() === undefined && findChromium() !== undefined

describe.skipIf(!runs)('the app by keyboard alone [needs root chromium]', () => {
  let lab: Lab
  let me: OpenedApp
  let said: () => Promise<string[]>
  const unseen: string[] = []

  beforeAll(async () => {
    lab = await createLab()
    await lab.startNetwork()
    await lab.prepareIdentity('provider', 'seller', 0)
    const terms = { services: ['socks'], price: '0.1', country: 'DE' }
    await createTrade(lab).share({ host: 'provider', home: 'seller' }, terms)
    me = await openApp((await startApp(lab, 'consumer', 'me')).address)
    me.page.setDefaultTimeout(90_000) // a key is derived, and somebody else may be at the processors
    said = await watchAnnouncements()
  }, 240_000)
  afterAll(async () => {
    await me?.close()
    await lab?.dispose()
  })

  inOrder(() => me.problems())

  it('makes, backs up, funds and registers an identity', async () => {
    const { setup, connect } = me.app
    await tabTo(setup.passphrase)
    await type(PASSPHRASE)
    await tabTo(setup.repeat)
    await type(PASSPHRASE)
    await press('Enter')

    await setup.saveBackup.waitFor()
    await tabTo(setup.saveBackup)
    const backup = join(lab.dir, 'backup.json')
    const [download] = await Promise.all([me.page.waitForEvent('download'), press('Enter')])
    await download.saveAs(backup)
    await tabTo(me.page.getByRole('button', { name: m.setup.chooseFile }))
    const [chooser] = await Promise.all([me.page.waitForEvent('filechooser'), press('Space')])
    await chooser.setFiles(backup)
    await tabTo(setup.passphrase)
    await type(PASSPHRASE)
    await press('Enter')

    await setup.fundAndRegister.waitFor()
    await tabTo(setup.fundAndRegister)
    await press('Space')
    await setup.start.waitFor()
    await tabTo(setup.start)
    await press('Enter')
    await connect.state('disconnected').waitFor()
  })

  it('asks before it pays, and goes back to where it was asked from', async () => {
    const { connect } = me.app
    await connect.offers.first().waitFor()
    await tabTo(connect.quickConnect)
    for (const way of ['Escape', 'Cancel'] as const) {
      await press('Enter')
      await connect.dialog.waitFor()
      expect(await hasFocus(connect.dialog.locator(':focus'))).toBe(true)
      // The focus stays inside, however often one goes on.
      for (let stop = 0; stop < 8; stop += 1) {
        await press('Tab')
        expect(await connect.dialog.locator(':focus').count()).toBe(1)
      }
      if (way === 'Cancel') await tabTo(connect.dialog.getByRole('button', { name: m.app.cancel }))
      await press(way === 'Cancel' ? 'Space' : 'Escape')
      await connect.dialog.waitFor({ state: 'detached' })
      expect(await hasFocus(connect.quickConnect)).toBe(true)
    }
  })

  it('connects and disconnects, says so, and never loses the focus', async () => {
    const { connect } = me.app
    await press('Enter')
    await tabTo(connect.dialog.getByRole('button', { name: m.confirm.go, exact: true }))
    await press('Enter')
    await connect.state('proxyReady').waitFor()
    // The button that asked is gone: from the beginning of the screen it is one step to the button that ends it.
    expect(await hasFocus(me.page.getByRole('main'))).toBe(true)
    // After what is copied of a proxy, and another location.
    await tabTo(connect.disconnect, 3)
    await press('Space')
    await connect.state('disconnected').waitFor()
    expect(await hasFocus(connect.state('disconnected'))).toBe(true)
    await tabTo(connect.quickConnect, 1)

    const heard = await said()
    const germany = countryName('DE')
    const connecting = m.connection.connectingTo(germany)
    expect(heard.filter((text) => !text.startsWith(connecting))).toEqual([
      m.connection.proxyReady,
      m.connection.disconnecting,
      m.connection.disconnected,
    ])
    expect(heard).toContain(`${connecting}. ${m.steps.names['agree-payment']}`)
  })

  it('announces a withdrawal', async () => {
    const { wallet, navigation } = me.app
    await tabTo(navigation.getByRole('link', { name: m.app.wallet }))
    await press('Enter')
    await tabTo(me.page.getByRole('main').getByRole('button', { name: m.wallet.withdraw }))
    await press('Enter')
    const dialog = me.page.getByRole('dialog')
    await tabTo(dialog.getByLabel(m.wallet.amount))
    await type('1.5')
    await tabTo(dialog.getByLabel(m.wallet.to))
    await type('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
    await dialog.getByText(matching(m.fees.gasAbout(ANY, ANY))).waitFor()
    await press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await wallet.history.filter({ hasText: m.wallet.kinds['withdrawal-announced'] }).waitFor()
  })

  it('shares the connection, and stops', async () => {
    const { share, navigation } = me.app
    await tabTo(navigation.getByRole('link', { name: m.app.share }))
    await press('Enter')
    await tabTo(share.service('openvpn'))
    if (await share.service('openvpn').isChecked()) await press('Space')
    await tabTo(share.country)
    await type('Germ')
    await tabTo(share.understood)
    await press('Space')
    await tabTo(share.start)
    await press('Enter')
    await share.running('socks').getByText(m.share.serviceStates.announced).waitFor()
    // The form is gone, and the page at its beginning.
    await expect.poll(() => share.heading.evaluate((one) => document.activeElement === one)).toBe(true)
    expect(await me.page.getByRole('main').evaluate((one) => one.scrollTop)).toBe(0)
    await tabTo(share.toggle)
    await press('Space')
    await share.start.waitFor()
  })

  it('showed the focus at every stop', async () => {
    expect(unseen).toEqual([])
    // It would have noticed.
    await me.page.addStyleTag({ content: '* { outline: none !important; border-color: red !important }' })
    await press('Tab')
    expect(unseen).toHaveLength(1)
  })

  async function press(key: string): Promise<void> {
    await me.page.keyboard.press(key)
    if (key !== 'Tab') return
    const hidden = await me.page.evaluate(whereFocusIsUnseen)
    if (hidden !== undefined) unseen.push(hidden)
  }

  const type = (text: string) => me.page.keyboard.type(text)

  async function tabTo(target: Locator, most = MOST_STOPS): Promise<void> {
    for (let stop = 0; stop < most; stop += 1) {
      await press('Tab')
      if (await hasFocus(target)) return
    }
    throw new Error(`Not reached by Tab within ${most} stops: ${target}`)
  }

  const hasFocus = (target: Locator) => target.evaluate((element) => element === document.activeElement)

  /** What the app's live region says from now on. */
  async function watchAnnouncements(): Promise<() => Promise<string[]>> {
    const region = me.page.locator('.frame > [role="status"][aria-live="polite"]')
    const watch = await region.evaluateHandle((element) => {
      const heard: string[] = []
      new MutationObserver(() => heard.push(element.textContent ?? '')).observe(element, {
        subtree: true,
        childList: true,
        characterData: true,
      })
      return heard
    })
    return () => watch.jsonValue()
  }
})

/** Runs in the page: what has the focus, if that cannot be seen at it, at its frame or at its label. */
function whereFocusIsUnseen(): string | undefined {
  const focused = document.activeElement
  if (!focused || focused === document.body) return undefined
  const { top, left, bottom, right } = focused.getBoundingClientRect()
  const isInWindow = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth
  for (const at of [focused, focused.parentElement, focused.closest('label')]) {
    if (!at) continue
    const { outlineStyle, outlineWidth } = getComputedStyle(at)
    if (isInWindow && outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) return undefined
  }
  return focused.outerHTML.slice(0, 160)
}
