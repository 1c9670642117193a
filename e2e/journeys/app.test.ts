import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostName, whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { countryName } from '../../src-renderer/messages/countries.ts'
import { counted, formatAmount, formatDuration, formatPrice } from '../../src-renderer/messages/format.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { said } from '../../src-renderer/messages/said.ts'
import { REFUSALS } from '../../src-shared/model/refusal.ts'
import { formatMyst, MYST, parseMyst } from '../../src-shared/model/units.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { Line } from '../lab/line-process.ts'
import { inOrder } from '../pages/in-order.ts'
import { ANY, LOOKS, matching, wear } from '../pages/look.ts'
import { type OpenedApp, openApp, startApp } from '../pages/open-app.ts'
import { bytesShown, exactMyst, ownId } from '../pages/read-figures.ts'

/*
 * The main job in the app: a person sets up, finds a stranger's offer by country, sees what it costs,
 * pays with promises and uses the tunnel; the stranger, at his own page, sees it and is paid on chain.
 */

const PRICE = '0.1'
const EXIT = '203.0.113.10'
const INTERNET = 'http://198.51.100.200'
const NETWORK_FEE_BPS = 100n
const PASSPHRASE = 'four quiet rivers under glass'

const runs = whyNoHosts() === undefined && openVpnAvailability().available && findChromium() !== undefined

describe.skipIf(!runs).each(LOOKS)(
  'the main job in the app, $language and $colorScheme [needs root openvpn chromium]',
  (look) => {
    let lab: Lab
    let provider: string
    let buyer: Person
    let seller: Person
    const people: Person[] = []

    async function person(host: HostName, home: string): Promise<Person> {
      const { address } = await startApp(lab, host, home)
      const opened = { ...(await openApp(address, look)), host, home }
      people.push(opened)
      return opened
    }

    beforeAll(async () => {
      wear(look)
      lab = await createLab()
      await lab.startNetwork()
      provider = await lab.prepareIdentity('provider', 'seller', 0)
      seller = await person('provider', 'seller')
      buyer = await person('consumer', 'buyer')
    })
    afterAll(async () => {
      await Promise.all(people.map((one) => one.close()))
      await lab?.dispose()
    })

    inOrder(() => people.flatMap((one) => one.problems()))

    const status = async (): Promise<Line | undefined> => (await lab.mystDone('consumer', 'buyer', ['status']))[0]
    /** What the chain itself says. */
    const balanceOf = async ({ host, home }: Person): Promise<bigint> => {
      const [shown] = await lab.mystDone(host, home, ['identity', 'show'])
      return parseMyst(String(shown?.balanceMyst))
    }
    const balances = async (payer: Person) => ({ payer: await balanceOf(payer), seller: await balanceOf(seller) })

    it('lets a person look around, then makes, backs up, funds and registers an identity', async () => {
      const { setup, connect, goTo } = bind(buyer)
      await buyer.page.getByText(m.setup.costsLocal(formatAmount(10n * MYST))).waitFor()
      await setup.lookAround.click()
      await connect.state('disconnected').waitFor()
      await buyer.page.getByRole('link', { name: m.setup.cardTitle }).click()

      await setup.createIdentity(PASSPHRASE)
      const backup = join(lab.dir, 'backup.json')
      await setup.backUp(backup, PASSPHRASE)
      expect(existsSync(backup) && statSync(backup).size).toBeGreaterThan(300)
      await setup.fundAndRegister.click()
      await setup.done.waitFor()
      await setup.start.click()
      await connect.state('disconnected').waitFor()
      await goTo('wallet')
      expect(await exactMyst(buyer.app.wallet.figure('balance'))).toBe(parseMyst('20'))
      // Gas for thousands of transactions is enough.
      expect(await buyer.page.getByText(m.wallet.gasLow).count()).toBe(0)
    })

    it('starts sharing from the page, once its meaning was shown', async () => {
      const { unlock, share, goTo } = bind(seller)
      await unlock.unlock(LAB_PASSPHRASE)
      await goTo('share')
      await seller.page.getByRole('heading', { name: m.share.meansTitle }).waitFor()
      // Identities made on the command line have no proven backup yet.
      await seller.page.getByRole('button', { name: m.confirm.setUp }).click()
      await seller.app.setup.backUp(join(lab.dir, 'seller-backup.json'), LAB_PASSPHRASE)
      await seller.app.setup.later.click()
      await goTo('share')
      await share.startWith({ price: PRICE, unit: 'GiB', country: 'DE', bandwidth: '200' })
      for (const type of ['openvpn', 'socks'] as const) {
        await share.running(type).getByText(m.share.serviceStates.announced).waitFor()
      }
      await seller.page.getByText(m.provider.reaches.public, { exact: true }).waitFor()
    })

    it('finds the provider by country, and says what it costs and what is at stake before paying', async () => {
      const { connect, goTo } = bind(buyer)
      await goTo('connect')
      await connect.offerOf(provider).first().waitFor()
      await connect.search.fill(countryName('DE').toLowerCase())
      expect(await connect.offerOf(provider).count()).toBe(2)
      await connect.search.fill(countryName('JP').toLowerCase())
      await buyer.page.getByText(m.connect.emptyFilteredTitle).waitFor()
      await buyer.page.getByRole('button', { name: m.connect.clearFilters }).first().click()
      await connect.filter('filterCountry').selectOption('DE')
      await connect.filter('filterType').selectOption('openvpn')
      await connect.offers.getByText(m.service.tags.socks, { exact: true }).waitFor({ state: 'hidden' })
      expect(await connect.offers.count()).toBe(1)

      await connect
        .offerOf(provider)
        .getByRole('button', { name: matching(m.connect.connectTo(ANY, ANY, ANY)) })
        .click()
      const terms = await connect.terms()
      expect(terms[m.confirm.price]).toBe(formatPrice(parseMyst(PRICE), 'GiB'))
      expect(terms[m.confirm.ahead]).toBe(m.confirm.aheadText)
      expect(terms[m.confirm.loss]).toBe(m.confirm.lossText(formatAmount(MYST / 2n)))
      expect(terms[m.confirm.balance]).toMatch(matching(m.confirm.balanceVolume(formatAmount(20n * MYST), ANY)))
      // Nothing was paid for looking.
      expect(await lab.mystDone('consumer', 'buyer', ['promises']).catch(() => [])).toEqual([])
      await connect.dialog.getByRole('button', { name: m.app.cancel }).click()
      await connect.state('disconnected').waitFor()
    })

    it('connects over OpenVPN step by step, carries and meters traffic, and is paid exactly', async () => {
      const { connect, goTo } = bind(buyer)
      const before = await balances(buyer)
      await goTo('connect')
      const seen = await connect.watchSteps()
      await connect.connectTo(provider)
      await connect.state('connected').waitFor()
      expect(await seen()).toEqual(Object.values(m.steps.names))
      await connect.figure('exit').getByText(EXIT).waitFor()
      const start = await status()
      expect(start).toMatchObject({ state: 'connected', service: 'openvpn', exit: EXIT, provider })

      const live = await connect.watchFigures([m.live.ahead, m.live.cost])
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(EXIT)
      const collecting = await seller.app.share.askToClear()
      const atFirst = await collecting.promised.filter({ hasText: 'MYST' }).textContent()
      const down = await lab.transfer('consumer', { url: `${INTERNET}/bytes/100000000` })
      expect(down.bytes).toBe(100_000_000)
      const up = await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: 20_000_000 })
      expect(up.text).toBe('20000000')
      // What would be collected follows what is owed while somebody looks at it.
      await expect.poll(() => collecting.promised.textContent(), SOON).not.toBe(atFirst)
      await collecting.cancel.click()

      // Each side's figures against its own kernel's, at its own tunnel device.
      const own = await lab.counters('consumer', 'mystc0')
      const theirs = await lab.counters('provider', 'mysts0')
      const by = (who: 'byYou' | 'byProvider') => bytesShown(connect.measured(who))
      await expect.poll(async () => near(await by('byProvider'), [own.receivedBytes, own.sentBytes]), SOON).toBe(true)
      await expect.poll(async () => near(await by('byYou'), [own.receivedBytes, own.sentBytes]), SOON).toBe(true)
      const served = seller.app.share.sessions.filter({
        has: seller.page.getByTitle(await ownId(buyer), { exact: true }),
      })
      // The seller's page follows a second later.
      const servedIs = async () => near(await bytesShown(served), [theirs.sentBytes, theirs.receivedBytes])
      await expect.poll(servedIs, SOON).toBe(true)
      await served
        .getByText(new RegExp(`^(${m.provider.verdicts.covered}|${m.provider.verdicts['near-limit']})$`))
        .waitFor()

      // More was promised, and what was paid ahead sank by what was used of it, in `status` and in the page.
      const end = await status()
      const grown = (key: string) => parseMyst(String(end?.[key])) - parseMyst(String(start?.[key]))
      expect(grown('costMyst')).toBeGreaterThan(0n)
      expect(grown('promisedMyst')).toBeGreaterThan(0n)
      expect(formatMyst(grown('promisedMyst') - grown('leftoverMyst'))).toBe(formatMyst(grown('costMyst')))
      const shown = await live()
      expect(new Set(shown[m.live.ahead]).size).toBeGreaterThan(1)
      expect(new Set(shown[m.live.cost]).size).toBeGreaterThan(1)
      expect(shown[m.live.cost]?.at(-1)).not.toBe(formatAmount(0n))
      await goTo('wallet')
      expect(await exactMyst(buyer.app.wallet.figure('payable'))).toBeGreaterThan(0n)
      await goTo('connect')

      await connect.disconnect.click()
      await connect.state('disconnected').waitFor()
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe('198.51.100.10')
      await expectPaid(buyer, before)
    })

    it('does the same over SOCKS, for the programs that are told to', async () => {
      // Somebody else, so that nothing is left of what the first one paid.
      const second = await person('consumer', 'second')
      const { connect, setup } = second.app
      await setup.finish({ passphrase: PASSPHRASE, backupPath: join(lab.dir, 'second-backup.json') })
      const before = await balances(second)
      await connect.filter('filterType').selectOption('socks')
      await connect.connectTo(provider)
      await connect.state('proxyReady').waitFor()
      const address = await connect.figure('socks').textContent()
      const socksPort = Number(/127\.0\.0\.1:(\d+)/.exec(address ?? '')?.[1])

      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip`, socksPort })).text).toBe(EXIT)
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe('198.51.100.10')
      await lab.transfer('consumer', { url: `${INTERNET}/bytes/30000000`, socksPort })
      await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: 6_000_000, socksPort })
      await expect
        .poll(async () => near(await bytesShown(connect.measured('byProvider')), [30e6, 6e6]), SOON)
        .toBe(true)
      expect(near(await bytesShown(connect.measured('byYou')), [30e6, 6e6])).toBe(true)

      await connect.disconnect.click()
      await connect.state('disconnected').waitFor()
      await expectPaid(second, before)
    })

    it('keeps the sessions on both sides', async () => {
      await buyer.app.goTo('activity')
      await seller.app.goTo('activity')
      await buyer.app.activity.sessions('consumer').filter({ hasText: m.activity.endedByYou }).waitFor()
      await seller.app.activity
        .sessions('provider')
        .filter({ hasText: m.activity.ends['consumer-closed'] })
        .filter({ hasText: m.records.howText.both })
        .nth(1)
        .waitFor()
    })

    it('says what stays of an offer that is not shared any more, and refuses others at once', async () => {
      const { share, connect, goTo } = bind(seller)
      await goTo('share')
      await share.toggle.click()
      await share.start.waitFor()
      await seller.page.getByText(matching(m.share.stillListed(counted(2), ANY, undefined))).waitFor()
      await goTo('connect')
      await expect.poll(() => connect.offerOf(provider).getByText(m.connect.ownIdle, { exact: true }).count()).toBe(2)

      await buyer.app.goTo('connect')
      await buyer.app.connect.connectTo(provider)
      await buyer.app.connect.failure.getByText(said(REFUSALS['not-sharing'])).waitFor({ timeout: 5_000 })
    })

    it('lists what moved on the chain, tells what a withdrawal costs, and announces it', async () => {
      const { wallet, goTo } = bind(buyer)
      await goTo('wallet')
      for (const kind of ['deposit', 'paid'] as const)
        await wallet.history.filter({ hasText: m.wallet.kinds[kind] }).first().waitFor()
      const dialog = buyer.page.getByRole('dialog')
      await wallet.fillWithdrawal('1.5', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
      await dialog.getByText(m.wallet.toBad.checksum).waitFor()
      await dialog.getByLabel(m.wallet.to).fill('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
      await dialog.getByText(matching(m.fees.gasAbout(ANY, ANY))).waitFor()
      await dialog.getByText(matching(m.wallet.paidOutAt(ANY, formatDuration(3 * 86_400_000)))).waitFor()
      await dialog.getByRole('button', { name: m.wallet.withdraw }).click()
      await buyer.page
        .getByText(matching(m.wallet.pendingWithdrawal(formatAmount(parseMyst('1.5')), '0x5aae…eaed', ANY)))
        .waitFor()
      await wallet.history.filter({ hasText: m.wallet.kinds['withdrawal-announced'] }).waitFor()
      const done = new RegExp(matching(m.wallet.announced(ANY)).source.replace('^', ''))
      await buyer.page.getByRole('status').filter({ hasText: done }).waitFor()
      await dialog.waitFor({ state: 'detached' })
    })

    it('says that another withdrawal replaces the first, and calls it off', async () => {
      const { wallet } = bind(buyer)
      const dialog = buyer.page.getByRole('dialog')
      await wallet.fillWithdrawal('2', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
      await dialog.getByText(matching(m.wallet.replaces(formatAmount(parseMyst('1.5')), ANY))).waitFor()
      await dialog.getByRole('button', { name: m.wallet.withdraw }).click()
      await dialog.waitFor({ state: 'detached' })
      await wallet.history.filter({ hasText: m.wallet.kinds['withdrawal-replaced'] }).waitFor()
      const pending = buyer.page.getByText(
        matching(m.wallet.pendingWithdrawal(formatAmount(parseMyst('2')), '0x5aae…eaed', ANY)),
      )
      await pending.waitFor()
      await buyer.page.getByRole('button', { name: m.wallet.callOff }).click()
      await dialog.getByText(matching(m.fees.gasAbout(ANY, ANY))).waitFor()
      await dialog.getByRole('button', { name: m.wallet.callOff }).click()
      await wallet.history.filter({ hasText: m.wallet.kinds['withdrawal-called-off'] }).waitFor()
      await pending.waitFor({ state: 'hidden' })
      // The second was announced and called off; nothing took its place.
      for (const kind of ['withdrawal-replaced', 'withdrawal-announced'] as const) {
        expect(await wallet.history.filter({ hasText: m.wallet.kinds[kind] }).count()).toBe(1)
      }
    })

    let clearedToday = 0n
    /** The seller clears at his page; both balances moved by exactly the promise and the fee. */
    async function expectPaid(payer: Person, before: { payer: bigint; seller: bigint }): Promise<void> {
      const { share } = seller.app
      const promised = await exactMyst(share.figure('waiting'))
      expect(promised).toBeGreaterThan(0n)
      const fee = (promised * NETWORK_FEE_BPS) / 10_000n
      await share.clear()
      await seller.page.getByText(matching(m.share.cleared(ANY))).waitFor()
      expect(await exactMyst(share.figure('waiting'))).toBe(0n)
      clearedToday += promised - fee
      await seller.page.getByText(m.provider.asTable).click()
      await expect.poll(() => exactMyst(share.byDay.nth(1).getByRole('cell').last())).toBe(clearedToday)

      const after = await balances(payer)
      expect(formatMyst(before.payer - after.payer)).toBe(formatMyst(promised))
      expect(formatMyst(after.seller - before.seller)).toBe(formatMyst(promised - fee))
      for (const [who, balance] of [
        [payer, after.payer],
        [seller, after.seller],
      ] as const) {
        await who.app.goTo('wallet')
        await who.page.getByRole('row').filter({ hasText: m.wallet.states.cleared }).first().waitFor()
        await expect.poll(() => exactMyst(who.app.wallet.figure('balance'))).toBe(balance)
      }
      await expect.poll(() => exactMyst(payer.app.wallet.figure('payable'))).toBe(0n)
      await seller.app.goTo('share')
    }
  },
)

type Person = OpenedApp & { host: HostName; home: string }

/** The provider reports every ten seconds. */
const SOON = { timeout: 15_000 }

function bind({ app }: OpenedApp) {
  return { ...app, goTo: app.goTo.bind(app) }
}

/** Within 1 %. */
function near(figures: readonly number[], measured: readonly number[]): boolean {
  return figures.length === measured.length && figures.every((it, at) => Math.abs(it / (measured[at] ?? 0) - 1) < 0.01)
}
