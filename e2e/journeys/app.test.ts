import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type HostName, whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { formatMyst, parseMyst } from '../../src-shared/model/units.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { Line } from '../lab/line-process.ts'
import { type OpenedApp, openApp, startApp } from '../pages/open-app.ts'
import { bytesShown, exactMyst } from '../pages/read-figures.ts'

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

describe.skipIf(!runs)('the main job in the app [needs root openvpn chromium]', () => {
  let lab: Lab
  let provider: string
  let buyer: Person
  let seller: Person
  const people: Person[] = []

  async function person(host: HostName, home: string): Promise<Person> {
    const { address } = await startApp(lab, host, home)
    const opened = { ...(await openApp(address)), host, home }
    people.push(opened)
    return opened
  }

  beforeAll(async () => {
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

  // Each step of the way starts where the one before ended.
  let stuck = false
  beforeEach((context) => context.skip(stuck))
  afterEach(({ task }) => {
    stuck ||= task.result?.state === 'fail'
    expect(people.flatMap((one) => one.problems())).toEqual([])
  })

  const status = async (): Promise<Line | undefined> => (await lab.mystDone('consumer', 'buyer', ['status']))[0]
  /** What the chain itself says. */
  const balanceOf = async ({ host, home }: Person): Promise<bigint> => {
    const [shown] = await lab.mystDone(host, home, ['identity', 'show'])
    return parseMyst(String(shown?.balanceMyst))
  }
  const balances = async (payer: Person) => ({ payer: await balanceOf(payer), seller: await balanceOf(seller) })

  it('lets a person look around, then makes, backs up, funds and registers an identity', async () => {
    const { setup, connect, goTo } = bind(buyer)
    await setup.lookAround.click()
    await connect.state('Not connected').waitFor()
    await buyer.page.getByRole('link', { name: /Finish setting up/ }).click()

    await setup.createIdentity(PASSPHRASE)
    const backup = join(lab.dir, 'backup.json')
    await setup.backUp(backup, PASSPHRASE)
    expect(existsSync(backup) && statSync(backup).size).toBeGreaterThan(300)
    await setup.fundAndRegister.click()
    await setup.done.waitFor()
    await setup.start.click()
    await connect.state('Not connected').waitFor()
    await goTo('Wallet')
    expect(await exactMyst(buyer.app.wallet.figure('Balance'))).toBe(parseMyst('20'))
  })

  it('starts sharing from the page, once its meaning was shown', async () => {
    const { unlock, share, goTo } = bind(seller)
    await unlock.unlock(LAB_PASSPHRASE)
    await goTo('Share')
    await seller.page.getByRole('heading', { name: 'What people can do through your connection' }).waitFor()
    // Identities made on the command line have no proven backup yet.
    await seller.page.getByRole('button', { name: 'Continue setting up' }).click()
    await seller.app.setup.backUp(join(lab.dir, 'seller-backup.json'), LAB_PASSPHRASE)
    await seller.app.setup.later.click()
    await goTo('Share')
    await share.startWith({ price: PRICE, unit: 'GiB', country: 'DE', bandwidth: '200' })
    for (const name of ['VPN', 'SOCKS proxy'] as const) {
      await share.running(name).getByText('Announced').waitFor()
    }
    await seller.page.getByText('Public address', { exact: true }).waitFor()
  })

  it('finds the provider by country, and says what it costs and what is at stake before paying', async () => {
    const { connect, goTo } = bind(buyer)
    await goTo('Connect')
    await connect.offerOf(provider).first().waitFor()
    await connect.search.fill('germany')
    expect(await connect.offerOf(provider).count()).toBe(2)
    await connect.search.fill('japan')
    await buyer.page.getByText('No offer matches these filters').waitFor()
    await buyer.page.getByRole('button', { name: 'Clear filters' }).first().click()
    await connect.filter('Country').selectOption('DE')
    await connect.filter('Service type').selectOption('openvpn')
    await connect.offers.getByText('Proxy', { exact: true }).waitFor({ state: 'hidden' })
    expect(await connect.offers.count()).toBe(1)

    await connect
      .offerOf(provider)
      .getByRole('button', { name: /^Connect to/ })
      .click()
    const terms = await connect.terms()
    expect(terms.Price).toBe('0.1 MYST per GiB')
    expect(terms['Paid ahead']).toBe('about one minute of use at a time')
    expect(terms['Most you can lose']).toMatch(/^0\.5 MYST/)
    expect(terms['Your balance']).toMatch(/^20 MYST/)
    // Nothing was paid for looking.
    expect(await lab.mystDone('consumer', 'buyer', ['promises']).catch(() => [])).toEqual([])
    await connect.dialog.getByRole('button', { name: 'Cancel' }).click()
    await connect.state('Not connected').waitFor()
  })

  it('connects over OpenVPN step by step, carries and meters traffic, and is paid exactly', async () => {
    const { connect, goTo } = bind(buyer)
    const before = await balances(buyer)
    await goTo('Connect')
    const seen = await connect.watchSteps()
    await connect.connectTo(provider)
    await connect.state('Connected').waitFor()
    expect(await seen()).toEqual([
      'Reach the provider',
      'Agree on payment',
      'Open the session',
      'Start the tunnel',
      'Verify the traffic',
    ])
    await connect.figure('Exit address').getByText(EXIT).waitFor()
    const start = await status()
    expect(start).toMatchObject({ state: 'connected', service: 'openvpn', exit: EXIT, provider })

    const live = await connect.watchFigures(['Paid ahead', 'Cost so far'])
    expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(EXIT)
    const down = await lab.transfer('consumer', { url: `${INTERNET}/bytes/100000000` })
    expect(down.bytes).toBe(100_000_000)
    const up = await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: 20_000_000 })
    expect(up.text).toBe('20000000')

    // Each side's figures against its own kernel's, at its own tunnel device.
    const own = await lab.counters('consumer', 'mystc0')
    const theirs = await lab.counters('provider', 'mysts0')
    const { page } = buyer
    const by = (who: 'By you' | 'By the provider') => bytesShown(connect.measured(who))
    await expect
      .poll(async () => near(await by('By the provider'), [own.receivedBytes, own.sentBytes]), SOON)
      .toBe(true)
    await expect.poll(async () => near(await by('By you'), [own.receivedBytes, own.sentBytes]), SOON).toBe(true)
    const served = seller.app.share.sessions.filter({ has: seller.page.getByTitle(await ownId(page), { exact: true }) })
    // The seller's page follows a second later.
    const servedIs = async () => near(await bytesShown(served), [theirs.sentBytes, theirs.receivedBytes])
    await expect.poll(servedIs, SOON).toBe(true)
    await served.getByText(/^(Covered|Close to the limit)$/).waitFor()

    // More was promised, and what was paid ahead sank by what was used of it, in `status` and in the page.
    const end = await status()
    const grown = (key: string) => parseMyst(String(end?.[key])) - parseMyst(String(start?.[key]))
    expect(grown('costMyst')).toBeGreaterThan(0n)
    expect(grown('promisedMyst')).toBeGreaterThan(0n)
    expect(formatMyst(grown('promisedMyst') - grown('leftoverMyst'))).toBe(formatMyst(grown('costMyst')))
    const shown = await live()
    expect(new Set(shown['Paid ahead']).size).toBeGreaterThan(1)
    expect(shown['Cost so far']?.[0]).toBe('0 MYST')
    expect(shown['Cost so far']?.at(-1)).not.toBe('0 MYST')
    await goTo('Wallet')
    expect(await exactMyst(buyer.app.wallet.figure('Promised by you'))).toBeGreaterThan(0n)
    await goTo('Connect')

    await connect.disconnect.click()
    await connect.state('Not connected').waitFor()
    expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe('198.51.100.10')
    await expectPaid(buyer, before)
  })

  it('does the same over SOCKS, for the programs that are told to', async () => {
    // Somebody else, so that nothing is left of what the first one paid.
    const second = await person('consumer', 'second')
    const { connect, setup } = second.app
    await setup.finish({ passphrase: PASSPHRASE, backupPath: join(lab.dir, 'second-backup.json') })
    const before = await balances(second)
    await connect.filter('Service type').selectOption('socks')
    await connect.connectTo(provider)
    await connect.state('Connected').waitFor()
    const address = await connect.figure('Proxy address').textContent()
    const socksPort = Number(/127\.0\.0\.1:(\d+)/.exec(address ?? '')?.[1])

    expect((await lab.transfer('consumer', { url: `${INTERNET}/ip`, socksPort })).text).toBe(EXIT)
    expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe('198.51.100.10')
    await lab.transfer('consumer', { url: `${INTERNET}/bytes/30000000`, socksPort })
    await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: 6_000_000, socksPort })
    await expect
      .poll(async () => near(await bytesShown(connect.measured('By the provider')), [30e6, 6e6]), SOON)
      .toBe(true)
    expect(near(await bytesShown(connect.measured('By you')), [30e6, 6e6])).toBe(true)

    await connect.disconnect.click()
    await connect.state('Not connected').waitFor()
    await expectPaid(second, before)
  })

  it('keeps the sessions on both sides', async () => {
    await buyer.app.goTo('Activity')
    await seller.app.goTo('Activity')
    await buyer.app.activity.sessions('Bought from').getByText('Ended by you').waitFor()
    await seller.app.activity.sessions('Sold to').getByText('Ended by the customer').nth(1).waitFor()
  })

  it('lists what moved on the chain, tells what a withdrawal costs, and announces it', async () => {
    const { wallet, goTo } = bind(buyer)
    await goTo('Wallet')
    for (const what of ['Deposit', 'Paid']) await wallet.history.filter({ hasText: what }).first().waitFor()
    const dialog = buyer.page.getByRole('dialog')
    await wallet.fillWithdrawal('1.5', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
    await dialog.getByText(/its checksum does not fit/).waitFor()
    await dialog.getByLabel('To the address').fill('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
    await dialog.getByText(/^about .+, at most .+/).waitFor()
    await dialog.getByRole('button', { name: 'Withdraw' }).click()
    await buyer.page.getByText(/^1\.5\sMYST go to 0x5aae…eaed after /).waitFor()
    await wallet.history.filter({ hasText: 'Withdrawal announced' }).waitFor()
  })

  let clearedToday = 0n
  /** The seller clears at his page; both balances moved by exactly the promise and the fee. */
  async function expectPaid(payer: Person, before: { payer: bigint; seller: bigint }): Promise<void> {
    const { share } = seller.app
    const promised = await exactMyst(share.figure('Promises waiting'))
    expect(promised).toBeGreaterThan(0n)
    const fee = (promised * NETWORK_FEE_BPS) / 10_000n
    await share.clear()
    await seller.page.getByText(/MYST cleared\./).waitFor()
    expect(await exactMyst(share.figure('Promises waiting'))).toBe(0n)
    clearedToday += promised - fee
    await seller.page.getByText('As a table').click()
    await expect.poll(() => exactMyst(share.byDay.nth(1).getByRole('cell').last())).toBe(clearedToday)

    const after = await balances(payer)
    expect(formatMyst(before.payer - after.payer)).toBe(formatMyst(promised))
    expect(formatMyst(after.seller - before.seller)).toBe(formatMyst(promised - fee))
    for (const [who, balance] of [
      [payer, after.payer],
      [seller, after.seller],
    ] as const) {
      await who.app.goTo('Wallet')
      await who.page.getByRole('row').filter({ hasText: 'Cleared' }).first().waitFor()
      await expect.poll(() => exactMyst(who.app.wallet.figure('Balance'))).toBe(balance)
    }
    await expect.poll(() => exactMyst(payer.app.wallet.figure('Promised by you'))).toBe(0n)
    await seller.app.goTo('Share')
  }
})

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

/** The whole identifier of who this page's node is. */
async function ownId(page: OpenedApp['page']): Promise<string> {
  return (await page.getByRole('link').getByTitle(/^0x/).first().getAttribute('title')) ?? ''
}
