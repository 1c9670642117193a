import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { said } from '../../src-renderer/messages/said.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { INTERNET } from '../lab/trade.ts'
import { inOrder } from '../pages/in-order.ts'
import { LOOKS, wear } from '../pages/look.ts'
import { type OpenedApp, openApp, type RunningApp, startApp } from '../pages/open-app.ts'
import { exactMyst, ownId } from '../pages/read-figures.ts'

/* What goes wrong on the way, and what the page says and does about it. */

const PASSPHRASE = 'four quiet rivers under glass'
const [OWN, EXIT] = ['198.51.100.10', '203.0.113.10']

const runs = whyNoHosts() === undefined && openVpnAvailability().available && findChromium() !== undefined

describe.skipIf(!runs).each(LOOKS)(
  'the app in trouble, $language and $colorScheme [needs root openvpn chromium]',
  (look) => {
    let lab: Lab
    let node: RunningApp
    let me: OpenedApp
    /** Offers that stand on the chain: the one's provider was killed, the other's answers. */
    let gone: string
    let present: string
    let presentNode: LineProcess

    async function provide(
      host: 'provider' | 'provider2',
      home: string,
      services: string,
      country: string,
      price: string,
    ) {
      const id = await lab.prepareIdentity(host, home, 0)
      const terms = ['--price', price, '--unit', 'GiB', '--country', country, '--bandwidth', '200']
      const running = lab.myst(host, home, ['provide', '--without-backup', '--service', services, ...terms])
      for (const service of services.split(',')) {
        await running.until(`${service} announced`, (line) => line.service === service && line.state === 'announced')
      }
      return { id, running }
    }

    beforeAll(async () => {
      wear(look)
      lab = await createLab()
      await lab.startNetwork()
      const [cheap, dear] = await Promise.all([
        provide('provider2', 'cheap', 'socks', 'NL', '0.05'),
        provide('provider', 'dear', 'socks,openvpn', 'DE', '0.1'),
      ])
      gone = cheap.id
      present = dear.id
      presentNode = dear.running
      cheap.running.kill('SIGKILL')
      await cheap.running.exited
      node = await startApp(lab, 'consumer', 'me')
      me = await openApp(node.address, look)
      await me.app.setup.finish({ passphrase: PASSPHRASE, backupPath: join(lab.dir, 'backup.json') })
    })
    afterAll(async () => {
      await me?.close()
      await lab?.dispose()
    })

    const pages = inOrder(() => me.problems())

    it('says that the node ended, and lets the person in again at the new address', async () => {
      const { app } = me
      await app.connect.offerOf(present).first().waitFor()
      node.node.kill('SIGKILL')
      await node.node.exited
      await app.lost.waitFor()
      await app.connect.state('unknown').waitFor()
      // What was known stays in sight meanwhile.
      await app.connect.offerOf(present).first().waitFor()

      node = await startApp(lab, 'consumer', 'me', node.door)
      await app.signedOut.waitFor()
      // Requests to a node that is not there are what this was about.
      expect(me.problems().every((problem) => /ERR_|status of 401|WebSocket/.test(problem))).toBe(true)
      pages.excuse()
      await app.open(node.address)
      await app.unlock.title.waitFor()
      expect(me.page.url()).not.toContain('token')
    })

    it('refuses a wrong passphrase in words, and opens with the right one', async () => {
      const { unlock, connect } = me.app
      await unlock.unlock('four quiet rivers under grass')
      await unlock.error.filter({ hasText: said('This passphrase does not fit; check it and try again.') }).waitFor()
      await unlock.unlock(PASSPHRASE)
      await connect.state('disconnected').waitFor()
      await connect.offerOf(present).first().waitFor()
    })

    it('stops connecting at once when it is cancelled', async () => {
      const { connect } = me.app
      await connect.connectTo(gone)
      await connect.steps
        .filter({ hasText: m.steps.names['reach-provider'] })
        .filter({ hasText: m.steps.running })
        .waitFor()
      const cancelledAt = performance.now()
      await connect.cancel.click()
      await connect.state('disconnected').waitFor()
      expect(performance.now() - cancelledAt).toBeLessThan(2000)
      await connect.ended.filter({ hasText: m.failure.nothingPaid }).waitFor()
      // What a person did herself is no alarm.
      expect(await connect.failure.count()).toBe(0)
    })

    it('says who does not answer and that nothing was paid, and goes on with the next', async () => {
      const { connect } = me.app
      await connect.connectTo(gone)
      await connect.failure
        .filter({ hasText: said('The provider does not answer; it may be offline.') })
        .waitFor({ timeout: 60_000 })
      await connect.failure.filter({ hasText: m.failure.nothingPaid }).waitFor()
      await connect.offerOf(gone).getByText(m.connect.worked('0', '1')).waitFor()
      await connect.tryNext.click()
      await connect.confirm()
      await connect.state('proxyReady').waitFor()
      await connect.figure('exit').getByText(EXIT).waitFor()
      await connect.disconnect.click()
      await connect.state('disconnected').waitFor()
      expect(await connect.failure.count()).toBe(0)
    })

    it('keeps the internet blocked when the provider is gone, and the app too, until it is told to open it', async () => {
      const { connect } = me.app
      const seenAs = async () => (await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text
      let asked = 0
      async function expectClosed(): Promise<void> {
        const path = `/bytes/${8_000 + asked++}`
        await expect(lab.transfer('consumer', { url: `${INTERNET}${path}`, timeoutMs: 3_000 })).rejects.toThrow()
        expect(lab.requests().filter((request) => request.path === path)).toEqual([])
      }
      await connect.filter('filterType').selectOption('openvpn')
      await connect.connectTo(present)
      await connect.state('connected').waitFor()
      expect(await seenAs()).toBe(EXIT)
      presentNode.kill('SIGKILL')
      await presentNode.exited
      await connect.state('reconnecting').waitFor({ timeout: 60_000 })
      await me.page.getByRole('main').getByText(m.connection.reconnectingBlockedText).waitFor()
      await expectClosed()

      node.node.kill('SIGKILL')
      await node.node.exited
      await me.app.lost.waitFor()
      await connect.state('unknown').waitFor()
      expect(await me.page.getByRole('main').textContent()).not.toContain(m.connection.reconnectingBlockedText)
      await expectClosed()
      node = await startApp(lab, 'consumer', 'me', node.door)
      await me.app.signedOut.waitFor()
      pages.excuse() // requests to a node that was not there
      await me.app.open(node.address)
      await me.app.unlock.unlock(PASSPHRASE)
      await connect.state('blocked').waitFor()
      await expectClosed()
      await connect.restore.click()
      await connect.state('disconnected').waitFor()
      expect(await seenAs()).toBe(OWN)
    })

    it('brings the identity and its money back on another computer, from the backup alone', async () => {
      const identity = await ownId(me)
      await me.app.goTo('wallet')
      const balance = await exactMyst(me.app.wallet.figure('balance'))
      expect((await node.node.stop()).code).toBe(0)
      pages.excuseTheRest()
      const other = await openApp((await startApp(lab, 'consumer', 'other')).address, look)
      try {
        await other.app.setup.importIdentity(join(lab.dir, 'backup.json'), 'four quiet rivers under grass')
        await other.app.setup.error
          .filter({ hasText: said('This passphrase does not fit; check it and try again.') })
          .waitFor()
        // What was chosen and typed is still there.
        await other.app.setup.passphrase.fill(PASSPHRASE)
        await other.app.setup.import.click()
        await other.app.setup.start.click()
        expect(await ownId(other)).toBe(identity)
        await other.app.goTo('wallet')
        await expect.poll(() => exactMyst(other.app.wallet.figure('balance'))).toBe(balance)
        expect(other.problems()).toEqual([])
      } finally {
        await other.close()
      }
    })
  },
)
