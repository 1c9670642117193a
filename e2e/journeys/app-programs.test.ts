import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { BUDGET_USED_UP } from '../../src-main/node/session/consumer/failed.ts'
import { countryName } from '../../src-renderer/messages/countries.ts'
import { formatAmount, formatMystBare, formatPrice } from '../../src-renderer/messages/format.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { said } from '../../src-renderer/messages/said.ts'
import { typeNumber } from '../../src-renderer/messages/typed.ts'
import { formatMyst, MYST, parseMyst } from '../../src-shared/model/units.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { createTrade, INTERNET, mystOf } from '../lab/trade.ts'
import { inOrder } from '../pages/in-order.ts'
import { ANY, LOOKS, matching, wear } from '../pages/look.ts'
import { type OpenedApp, openApp, startApp } from '../pages/open-app.ts'
import { ProgramsPage } from '../pages/programs-page.ts'
import { bytesShown, exactMyst } from '../pages/read-figures.ts'

/*
 * A person gives a program a connection of its own, in Settings: what goes through its proxy comes from the provider, what the
 * computer does else does not, the budget is counted, and with a key the program speaks for itself.
 */

const PASSPHRASE = 'four quiet rivers under glass'
const [OWN, EXIT] = ['198.51.100.10', '203.0.113.10']
/** Of a price at which what can be paid ahead is used up in seconds. */
const ENDLESS = 20_000_000_000
const NAME = 'Browser <b>1</b>'
/** The provider reports every ten seconds. */
const SOON = { timeout: 20_000 }

const runs = whyNoHosts() === undefined && findChromium() !== undefined && existsSync('/usr/bin/curl')

describe.skipIf(!runs).each(LOOKS)(
  'a program with a connection of its own, $language and $colorScheme [needs root curl chromium]',
  (look) => {
    let lab: Lab
    let me: OpenedApp
    let programs: ProgramsPage
    let socksPort = 0
    let key = ''

    beforeAll(async () => {
      wear(look)
      lab = await createLab()
      await lab.startNetwork()
      await lab.prepareIdentity('provider', 'seller', 0)
      await createTrade(lab).share(
        { host: 'provider', home: 'seller' },
        { services: ['socks'], price: '5', country: 'DE' },
      )
      me = await openApp((await startApp(lab, 'consumer', 'me')).address, look)
      programs = new ProgramsPage(me.page)
      await me.app.setup.finish({ passphrase: PASSPHRASE, backupPath: join(lab.dir, 'backup.json') })
      await me.app.connect.offers.first().waitFor()
      await me.app.goTo('settings')
    }, 240_000)
    afterAll(async () => {
      await me?.close()
      await lab?.dispose()
    })

    inOrder(() => me.problems())

    const seenAs = async (through?: number) =>
      (await lab.transfer('consumer', { url: `${INTERNET}/ip`, ...(through && { socksPort: through }) })).text
    const curl = async (...args: string[]) => lab.hosts.run('consumer', 'curl', ['--silent', '--show-error', ...args])

    it('is added, after every fault was named at its field', async () => {
      await programs.none.waitFor()
      await programs.add.click()
      await programs.press(m.programs.addGo)
      await programs.dialog.getByText(m.programs.nameBad).waitFor()
      await programs.field('name').fill(NAME)
      await programs.field('budget').fill('0')
      await programs.press(m.programs.addGo)
      await programs.dialog.getByText(m.programs.budgetBad).waitFor()
      await programs.field('budget').fill('10')
      await programs.field('country').selectOption('DE')
      await programs.field('maxPrice').fill(typeNumber('5.5'))
      await programs.press(m.programs.addGo)

      await programs.state(NAME, m.connection.disconnected).waitFor()
      const price = formatPrice(parseMyst('5.5'), 'GiB')
      expect(await programs.figure(NAME, 'wishes').textContent()).toBe(m.programs.upTo(countryName('DE'), price))
      expect(await used()).toBe(m.programs.usedOf(formatMystBare(0n), formatAmount(10n * MYST)))
      const proxy = await programs.figure(NAME, 'proxy').textContent()
      socksPort = Number(/^127\.0\.0\.1:(\d+)/.exec(proxy ?? '')?.[1])
      await expect(seenAs(socksPort)).rejects.toThrow()
    })

    it('uses its connection, and the rest of the computer does not', async () => {
      await programs.toggle(NAME, m.connect.connect).click()
      await programs.state(NAME, m.connection.connectedTo(countryName('DE'))).waitFor()
      expect(await programs.figure(NAME, 'exit').textContent()).toContain(EXIT)
      expect(await seenAs(socksPort)).toBe(EXIT)
      expect(await seenAs()).toBe(OWN)
      // By the very words that a person is given.
      await programs.row(NAME).locator('summary').click()
      const given = await programs.row(NAME).locator('code').filter({ hasText: /^curl/ }).textContent()
      const [, ...words] = given?.split(' ') ?? []
      expect(await curl(...words.slice(0, -1), `${INTERNET}/ip`)).toBe(EXIT)
      const from = lab.requests().filter(({ path }) => path === '/ip')
      expect(from.slice(-3).map((request) => request.from)).toEqual([EXIT, OWN, EXIT])
      await me.page.getByRole('link', { name: m.connection.disconnected }).waitFor()
    })

    it('shows what flowed, and counts what was promised against its budget', async () => {
      await lab.transfer('consumer', { url: `${INTERNET}/bytes/30000000`, socksPort })
      await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: 6_000_000, socksPort })
      const isClose = async () => {
        const [down = 0, up = 0] = await bytesShown(programs.figure(NAME, 'traffic'))
        return Math.abs(down / 30e6 - 1) < 0.01 && Math.abs(up / 6e6 - 1) < 0.01
      }
      await expect.poll(isClose, SOON).toBe(true)
      // At this price the provider may have cleared some already.
      const promised = async () => {
        const all = await lab.mystDone('consumer', 'me', ['promises'])
        return all.reduce((sum, line) => sum + (line.direction === 'given' ? mystOf(line, 'amountMyst') : 0n), 0n)
      }
      await expect.poll(async () => (await spent()) > 0n && (await spent()) === (await promised()), SOON).toBe(true)
      expect(await spent()).toBeLessThan(10n * MYST)
    })

    it('is changed while it goes on', async () => {
      await programs
        .row(NAME)
        .getByRole('button', { name: m.programs.changeOf(NAME) })
        .click()
      expect(await programs.field('budget').inputValue()).toBe('10')
      await programs.field('budget').fill('11')
      await programs.press(m.settings.save)
      await expect.poll(used).toMatch(matching(m.programs.usedOf(ANY, formatAmount(11n * MYST))))
      await programs.state(NAME, m.connection.connectedTo(countryName('DE'))).waitFor()
      expect(await seenAs(socksPort)).toBe(EXIT)
    })

    it('stops at its budget, says so, and goes on once that is raised', async () => {
      const budget = await spent()
      await programs
        .row(NAME)
        .getByRole('button', { name: m.programs.changeOf(NAME) })
        .click()
      await programs.field('budget').fill(typeNumber(formatMyst(budget)))
      await programs.press(m.settings.save)
      await programs.row(NAME).getByText(m.programs.usedUp).waitFor()
      // What was paid ahead is used, and nothing after it.
      await expect(lab.transfer('consumer', { url: `${INTERNET}/bytes/${ENDLESS}`, socksPort })).rejects.toThrow()
      await programs.state(NAME, m.connection.disconnected).waitFor()
      expect(await spent()).toBe(budget)
      await programs.toggle(NAME, m.connect.connect).click()
      await programs.row(NAME).getByRole('alert').getByText(said(BUDGET_USED_UP)).waitFor()

      await programs.row(NAME).getByRole('button', { name: m.programs.raise }).click()
      await programs.field('budget').fill('12')
      await programs.press(m.settings.save)
      await programs.toggle(NAME, m.connect.connect).click()
      await programs.state(NAME, m.connection.connectedTo(countryName('DE'))).waitFor()
      expect(await seenAs(socksPort)).toBe(EXIT)
    })

    it('speaks for itself with its key, which is shown once', async () => {
      await programs.api.click()
      const address = await programs.page
        .locator('.address code')
        .filter({ hasText: /^http:/ })
        .textContent()
      await programs
        .row(NAME)
        .getByRole('button', { name: m.programs.newKeyOf(NAME) })
        .click()
      key = await programs.dialog.getByRole('textbox', { name: m.programs.key }).inputValue()
      await programs.press(m.programs.keySaved)
      await expect.poll(() => programs.figure(NAME, 'key').textContent()).toContain(m.programs.keyHint(key.slice(-4)))
      expect(await me.page.content()).not.toContain(key)

      const ask = async (with_: string) =>
        JSON.parse(await curl('--header', `Authorization: Bearer ${with_}`, `${address}/v1/program`)) as unknown
      expect(await ask(key)).toMatchObject({ name: NAME, budgetMyst: '12', socksPort })
      await expect
        .poll(() => programs.figure(NAME, 'key').textContent())
        .toMatch(matching(m.programs.keyUsed(key.slice(-4), ANY)))
      const wrong = `${key.slice(0, -4)}${key.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
      expect(await ask(wrong)).toMatchObject({ error: { name: expect.any(String) } })
    })

    it('disconnects, and is gone with its proxy when it is removed', async () => {
      await programs.toggle(NAME, m.connect.disconnect).click()
      await programs.state(NAME, m.connection.disconnected).waitFor()
      await expect(seenAs(socksPort)).rejects.toThrow()
      await programs.toggle(NAME, m.connect.connect).click()
      await programs.state(NAME, m.connection.connectedTo(countryName('DE'))).waitFor()
      expect(await seenAs(socksPort)).toBe(EXIT)
      await programs
        .row(NAME)
        .getByRole('button', { name: m.programs.removeOf(NAME) })
        .click()
      await programs.dialog.getByText(m.programs.removeConnection).waitFor()
      await programs.press(m.programs.removeGo)
      await programs.none.waitFor()
      await expect(seenAs(socksPort)).rejects.toThrow()
      expect(await seenAs()).toBe(OWN)
    })

    const used = () => programs.figure(NAME, 'used').textContent()
    const spent = () => exactMyst(programs.figure(NAME, 'used'))
  },
)
