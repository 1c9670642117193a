import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'
import { createTrade, INTERNET, mystOf, type Trade } from '../lab/trade.ts'

/*
 * Two strangers sell in two countries. The cheaper one dies in the middle of a session: it gets nothing
 * more, keeps what it was promised, and the connection finds its way to the other by itself, as does the next.
 */

const CHEAP = { host: 'provider', home: 'cheap', country: 'DE', price: '0.1', exit: '203.0.113.10' } as const
const DEAR = { host: 'provider2', home: 'dear', country: 'FR', price: '0.2', exit: '203.0.113.130' } as const
const BUYER = { host: 'consumer', home: 'buyer' } as const
const NETWORK_FEE_BPS = 100n
const ENDLESS = 20_000_000_000
/** Payment is decided each second; the rest is for a busy machine. */
const IN_FLIGHT_MS = 5_000

describe.skipIf(whyNoHosts() !== undefined || !openVpnAvailability().available)(
  'two providers, one of which dies [needs root openvpn]',
  () => {
    let lab: Lab
    let trade: Trade
    let cheap = ''
    let dear = ''
    let provide: LineProcess
    let provideDear: LineProcess
    /** What the cheap one was promised at first, and when it had died. */
    let atStart = 0n
    let given: Line | undefined

    const share = (seller: typeof CHEAP | typeof DEAR) =>
      trade.share(seller, { services: ['openvpn'], price: seller.price, country: seller.country })
    const givenTo = async (provider: string) =>
      (await trade.openPromises(BUYER, 'given')).filter(({ peer }) => peer === provider)

    /** Somebody goes on surfing. `seen`: ends it, and tells from which addresses anything came. */
    function surf() {
      const from = lab.requests().length
      const isOver = new AbortController()
      const surfing = (async () => {
        while (!isOver.signal.aborted) {
          await lab.transfer('consumer', { url: `${INTERNET}/ip`, timeoutMs: 1_000 }).catch(() => undefined)
        }
      })()
      return {
        async seen() {
          isOver.abort()
          await surfing
          const requests = lab.requests().slice(from)
          return new Set(requests.map((request) => request.from))
        },
      }
    }

    beforeAll(async () => {
      lab = await createLab()
      trade = createTrade(lab)
      await lab.startNetwork()
      cheap = await lab.prepareIdentity(CHEAP.host, CHEAP.home, 0)
      dear = await lab.prepareIdentity(DEAR.host, DEAR.home, 0)
      await lab.prepareIdentity(BUYER.host, BUYER.home, 50)
      ;[provide, provideDear] = await Promise.all([share(CHEAP), share(DEAR)])
    })
    afterAll(() => lab?.dispose())

    it('lists the cheaper one first, and connects to the other for its country', async () => {
      const found = await lab.mystDone('consumer', BUYER.home, ['proposals'])
      expect(found.map(({ provider, country }) => ({ provider, country }))).toEqual([
        { provider: cheap, country: CHEAP.country },
        { provider: dear, country: DEAR.country },
      ])
      const { running, connected } = await trade.connect(BUYER.home, '--country', DEAR.country)
      expect(connected).toMatchObject({ provider: dear, exit: DEAR.exit })
      expect((await running.stop()).code).toBe(0)
    })

    it('switches to the other while connected, and nothing leaves in between', async () => {
      const first = (await trade.connect(BUYER.home, '--country', DEAR.country)).running
      const surfing = surf()
      const { running, connected } = await trade.connect(BUYER.home, '--instead', '--country', CHEAP.country)
      expect(connected).toMatchObject({ provider: cheap, exit: CHEAP.exit })
      const seen = await surfing.seen()
      expect([...seen].filter((address) => address !== DEAR.exit && address !== CHEAP.exit)).toEqual([])
      expect(seen).toContain(DEAR.exit)
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(CHEAP.exit)
      // One connection, which both commands show; the end that one of them asks for is the end of the other.
      expect((await running.stop()).code).toBe(0)
      expect((await first.exited).code).toBe(0)
      const own = (await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text
      expect([DEAR.exit, CHEAP.exit]).not.toContain(own)
    })

    it('notices within 15 s that nothing comes back, lets nothing out, and goes on with the other', async () => {
      const { running, connected } = await trade.connect(BUYER.home)
      expect(connected).toMatchObject({ provider: cheap, exit: CHEAP.exit })
      atStart = mystOf(connected, 'promisedMyst')
      const endless = lab.transfer('consumer', { url: `${INTERNET}/bytes/${ENDLESS}`, timeoutMs: 45_000 })
      const failed = expect(endless).rejects.toThrow()
      const status = await trade.caughtUp(BUYER.home, { up: 0, down: 30_000_000 })
      expect(mystOf(status, 'costMyst')).toBeGreaterThan(0n)
      expect(mystOf(status, 'promisedMyst')).toBeGreaterThan(atStart)

      provide.kill('SIGKILL')
      const killed = { at: Date.now(), tick: performance.now() }
      const stuck = expect(
        lab.transfer('consumer', { url: `${INTERNET}/bytes/4242`, timeoutMs: 10_000 }),
      ).rejects.toThrow()
      const lost = await running.until('the loss', (line) => line.state === 'reconnecting')
      expect(performance.now() - killed.tick).toBeLessThan(15_000)
      expect(lost).toMatchObject({ provider: cheap, blocked: true, message: expect.any(String) })
      // The tunnel is gone, and there is no other way out.
      await expect(lab.transfer('consumer', { url: `${INTERNET}/bytes/77`, timeoutMs: 3_000 })).rejects.toThrow()
      await stuck
      const other = await running.until('the other', (line) => line.state === 'connected' && line.provider === dear)
      process.stdout.write(`  lost and found again in ${Math.round(performance.now() - killed.tick)} ms\n`)
      expect(other).toMatchObject({
        ...{ exit: DEAR.exit, lostProvider: cheap, lostOrigin: CHEAP.country, lostPriceMyst: CHEAP.price },
      })
      // One connection, one sum: what the first provider was used for is in it.
      expect(mystOf(other, 'usedMyst')).toBeGreaterThan(mystOf(other, 'costMyst'))
      expect(mystOf(other, 'usedMyst')).toBeGreaterThanOrEqual(mystOf(status, 'costMyst'))
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(DEAR.exit)
      await failed
      expect(lab.requests().filter(({ path }) => ['/bytes/4242', '/bytes/77'].includes(path))).toEqual([])

      expect((await running.stop()).code).toBe(0)
      // Opened again by the person's end of it.
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).not.toBe(DEAR.exit)
      const promises = await givenTo(cheap)
      expect(promises).toHaveLength(1)
      given = promises[0]
      expect(mystOf(given, 'amountMyst')).toBeGreaterThan(atStart)
      // What was on its way when the provider died is the last, though the download went on asking.
      expect(Date.parse(String(given?.updatedAt))).toBeLessThan(killed.at + IN_FLIGHT_MS)
    })

    it('lists the dead one behind the other now, though it is cheaper, and connects to the other at once', async () => {
      const found = await lab.mystDone('consumer', BUYER.home, ['proposals'])
      expect(found.map(({ provider }) => provider)).toEqual([dear, cheap])
      const { running, connected } = await trade.connect(BUYER.home)
      expect(connected).toMatchObject({ provider: dear, exit: DEAR.exit })
      const tried = running.lines.filter((line) => line.state === 'connecting')
      expect(new Set(tried.map(({ provider }) => provider))).toEqual(new Set([dear]))
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(DEAR.exit)
      expect((await running.stop()).code).toBe(0)
      expect(await givenTo(cheap)).toEqual([given])
    })

    it('lets nothing out when its node is killed, says so at the next start, and opens when told to', async () => {
      const { running } = await trade.connect(BUYER.home, '--country', DEAR.country)
      running.kill('SIGKILL')
      await running.exited
      expect(await trade.buyer(BUYER.home, 'status')).toMatchObject({ state: 'blocked', since: expect.any(String) })
      await expect(lab.transfer('consumer', { url: `${INTERNET}/bytes/78`, timeoutMs: 3_000 })).rejects.toThrow()
      expect(lab.requests().filter(({ path }) => path === '/bytes/78')).toEqual([])
      expect(await trade.buyer(BUYER.home, 'disconnect')).toMatchObject({ state: 'disconnected' })
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).not.toBe(DEAR.exit)
      expect(await trade.buyer(BUYER.home, 'status')).toMatchObject({ state: 'disconnected' })
    })

    it('lets the dead one, started again, clear what it was promised, and no more', async () => {
      const before = await trade.balances(BUYER.home, CHEAP)
      provide = await share(CHEAP)
      const held = await trade.openPromises(CHEAP, 'received')
      expect(held).toHaveLength(1)
      expect(held[0]).toMatchObject({ serial: given?.serial })
      expect(mystOf(held[0], 'amountMyst')).toBeLessThanOrEqual(mystOf(given, 'amountMyst'))
      const { amount, fee, cleared } = await trade.clear(CHEAP)
      expect(cleared).toHaveLength(1)
      expect(cleared[0]).toMatchObject({ serial: given?.serial, transaction: expect.any(String) })
      expect(amount).toBeGreaterThan(atStart)
      expect(amount).toBe(mystOf(held[0], 'amountMyst'))
      expect(fee).toBe((amount * NETWORK_FEE_BPS) / 10_000n)
      const after = await trade.balances(BUYER.home, CHEAP)
      expect(before.buyer - after.buyer).toBe(amount)
      expect(after.seller - before.seller).toBe(amount - fee)
    })

    it('lets the other take over while the lost one is tried again, and nothing leaves in between', async () => {
      const { running: first, connected: before } = await trade.connect(BUYER.home, '--country', DEAR.country)
      expect(before).toMatchObject({ provider: dear })
      const surfing = surf()
      provideDear.kill('SIGKILL')
      const lost = await first.until('the loss', (line) => line.state === 'reconnecting')
      expect(lost).toMatchObject({ provider: dear, blocked: true })
      const { running, connected } = await trade.connect(BUYER.home, '--instead', '--country', CHEAP.country)
      expect(connected).toMatchObject({ provider: cheap, exit: CHEAP.exit })
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(CHEAP.exit)
      const seen = await surfing.seen()
      expect(seen).toContain(CHEAP.exit)
      expect([...seen].filter((address) => address !== DEAR.exit && address !== CHEAP.exit)).toEqual([])
      expect((await running.stop()).code).toBe(0)
      expect((await first.exited).code).toBe(0)
    })
  },
)
