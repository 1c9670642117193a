import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { createTrade, INTERNET } from '../lab/trade.ts'
import { inOrder } from '../pages/in-order.ts'
import { LOOKS, wear } from '../pages/look.ts'
import { type OpenedApp, openApp, type RunningApp, startApp } from '../pages/open-app.ts'

/* Somebody locks her computer down: it has no internet without a VPN, connected, disconnected or without the app. */

const PASSPHRASE = 'four quiet rivers under glass'
/** A command line takes its time to start. */
const SOON = { timeout: 20_000 }
const [OWN, EXIT] = ['198.51.100.10', '203.0.113.10']

const runs = whyNoHosts() === undefined && openVpnAvailability().available && findChromium() !== undefined

describe.skipIf(!runs).each(LOOKS)(
  'settings in the app, $language and $colorScheme [needs root openvpn chromium]',
  (look) => {
    let lab: Lab
    let node: RunningApp
    let me: OpenedApp

    beforeAll(async () => {
      wear(look)
      lab = await createLab()
      await lab.startNetwork()
      await lab.prepareIdentity('provider', 'seller', 0)
      const seller = { host: 'provider', home: 'seller' } as const
      await createTrade(lab).share(seller, { services: ['openvpn'], price: '0.1', country: 'DE' })
      node = await startApp(lab, 'consumer', 'me')
      me = await openApp(node.address, look)
      await me.app.setup.finish({ passphrase: PASSPHRASE, backupPath: join(lab.dir, 'backup.json') })
    })
    afterAll(async () => {
      await me?.close()
      await lab?.dispose()
    })

    const pages = inOrder(() => me.problems())

    const seenAs = async () => (await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text
    let asked = 0
    /** Nothing gets out, and nothing of it arrived. */
    async function expectClosed(): Promise<void> {
      const path = `/bytes/${4_000 + asked++}`
      await expect(lab.transfer('consumer', { url: `${INTERNET}${path}`, timeoutMs: 3_000 })).rejects.toThrow()
      expect(lab.requests().filter((request) => request.path === path)).toEqual([])
    }
    const settings = async (...words: string[]) => {
      const lines = await lab.mystDone('consumer', 'me', ['settings', ...words])
      return Object.fromEntries(lines.map(({ setting, value }) => [setting, value]))
    }

    it('refuses a resolver in the own network beside its field, and shows every door the same', async () => {
      const page = me.app.settings
      await me.app.goTo('settings')
      await page.resolver.fill('192.168.1.1')
      await page.saveResolver.click()
      await page.error.getByText(m.settings.resolverBad).waitFor()
      await page.resolver.fill('198.51.100.53')
      await page.saveResolver.click()
      await expect.poll(() => settings(), SOON).toMatchObject({ resolver: '198.51.100.53', lockdown: 'off' })
      expect(await page.error.count()).toBe(0)
      await expect(lab.mystDone('consumer', 'me', ['settings', 'set', 'resolver', '127.0.0.1'])).rejects.toThrow(
        /public IP address/,
      )
      await expect(lab.mystDone('consumer', 'me', ['settings', 'set', 'lockdown', 'maybe'])).rejects.toThrow(/on\|off/)
      expect(await settings('set', 'resolver', 'default')).toEqual({ resolver: 'default' })
      await expect.poll(() => page.resolver.inputValue()).toBe('')
    })

    it('has no internet from when it is locked down on, and one through a VPN', async () => {
      const { connect, settings: page } = me.app
      expect(await seenAs()).toBe(OWN)
      await page.lockDown()
      await me.page.getByRole('link', { name: m.connection.blocked }).waitFor()
      await expectClosed()
      expect(await settings()).toMatchObject({ lockdown: 'on' })
      await me.app.goTo('connect')
      await connect.quickConnect.click()
      await connect.confirm()
      await connect.state('connected').waitFor()
      expect(await seenAs()).toBe(EXIT)
      await connect.disconnect.click()
      await connect.state('blocked').waitFor()
      await expectClosed()
    })

    it('stays closed without the app, and connects to the last provider when that starts and is unlocked', async () => {
      const { connect, settings: page, unlock } = me.app
      await me.app.goTo('settings')
      await page.connectOnStart.selectOption('last')
      await expect.poll(() => settings(), SOON).toMatchObject({ 'connect-on-start': 'last' })
      expect((await node.node.stop()).code).toBe(0)
      await expectClosed()
      node = await startApp(lab, 'consumer', 'me', node.door)
      await me.app.signedOut.waitFor()
      // Requests to a node that is not there are what this was about.
      pages.excuse()
      await me.app.open(node.address)
      await unlock.unlock(PASSPHRASE)
      await connect.state('connected').waitFor()
      expect(await seenAs()).toBe(EXIT)
    })

    it('opens again when that is said, and is not locked down any more', async () => {
      const { connect, settings: page } = me.app
      await connect.disconnect.click()
      await connect.state('blocked').waitFor()
      await expectClosed()
      await connect.restore.click()
      // It is asked first, because the whole setting goes.
      const dialog = me.page.getByRole('dialog')
      await dialog.getByRole('button', { name: m.app.cancel }).click()
      await expectClosed()
      await connect.restore.click()
      await dialog.getByRole('button', { name: m.connect.restoreLockdownGo }).click()
      await connect.state('disconnected').waitFor()
      expect(await seenAs()).toBe(OWN)
      await me.app.goTo('settings')
      expect(await page.lockdown.getAttribute('aria-checked')).toBe('false')
      expect(await settings()).toMatchObject({ lockdown: 'off' })
    })

    it('is opened and switched off by the reset too, with the node that runs', async () => {
      const { settings: page } = me.app
      await page.lockDown()
      await me.page.getByRole('link', { name: m.connection.blocked }).waitFor()
      await expectClosed()
      expect(await lab.mystDone('consumer', 'me', ['reset-network'])).toEqual([
        { event: 'network', state: 'open', lockdown: false },
      ])
      expect(await seenAs()).toBe(OWN)
      await me.page.getByRole('link', { name: m.connection.disconnected }).waitFor()
      expect(await settings()).toMatchObject({ lockdown: 'off' })
    })

    it('does the same with no app at all', async () => {
      expect((await node.node.stop()).code).toBe(0)
      pages.excuseTheRest()
      expect(await seenAs()).toBe(OWN)
      expect(await settings('set', 'lockdown', 'on')).toEqual({ lockdown: 'on' })
      await expectClosed()
      const [status] = await lab.mystDone('consumer', 'me', ['status'])
      expect(status).toMatchObject({ state: 'blocked', lockdown: true })
      // A disconnect is no word to open it.
      expect(await lab.mystDone('consumer', 'me', ['disconnect'])).toMatchObject([{ state: 'blocked', lockdown: true }])
      await expectClosed()
      const reset = await lab.mystDone('consumer', 'me', ['reset-network'])
      expect(reset).toEqual([{ event: 'network', state: 'open', lockdown: false }])
      expect(await seenAs()).toBe(OWN)
      expect(await settings()).toMatchObject({ lockdown: 'off' })
    })
  },
)
