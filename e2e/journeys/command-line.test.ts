import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { createTrade, directions, expectClose, INTERNET, mystOf, type Trade } from '../lab/trade.ts'

/*
 * The main job from the command line, with every part real: a person finds a stranger's offer by
 * country, pays for it with promises and uses it; the stranger is paid on chain.
 */

const PRICE = '0.1'
const DEPOSIT = 50
const SELLER = { host: 'provider', home: 'seller' } as const
const DOWN = 100_000_000
const UP = 20_000_000
const NETWORK_FEE_BPS = 100n

describe.skipIf(whyNoHosts() !== undefined || !openVpnAvailability().available)(
  'the main job from the command line [needs root openvpn]',
  () => {
    let lab: Lab
    let trade: Trade
    let provider = ''

    beforeAll(async () => {
      lab = await createLab()
      trade = createTrade(lab)
      await lab.startNetwork()
      const [made] = await lab.mystDone('provider', 'seller', ['identity', 'new'])
      provider = String(made?.identity)
      await lab.mystDone('provider', 'seller', ['wallet', 'faucet', '100'])
      await lab.mystDone('provider', 'seller', ['identity', 'register'])
      // One buyer for each service: neither finds something left of what the other paid.
      for (const buyer of ['openvpn', 'socks']) await lab.prepareIdentity('consumer', buyer, DEPOSIT)
      await trade.share(SELLER, { services: ['openvpn', 'socks'], price: PRICE, country: 'DE' })
    })
    afterAll(() => lab?.dispose())

    /** Of the last session both hold one record with both signatures; it is genuine, and not once it is altered. */
    async function expectSameRecord(service: string): Promise<void> {
      const [bought, sold] = ['bought', 'sold'].map((name) => join(lab.dir, `${service}-${name}.json`)) as [
        string,
        string,
      ]
      const newest = ['sessions', 'export', '--limit', '1', '--out']
      await Promise.all([trade.buyer(service, ...newest, bought), trade.one(SELLER, ...newest, sold)])
      const [mine, theirs] = [bought, sold].map((file) => JSON.parse(readFileSync(file, 'utf8')).sessions[0])
      expect(mine.signed).toEqual(theirs.signed)
      const names = { provider, signedByProvider: true, consumer: theirs.peer, signedByConsumer: true }
      for (const file of [bought, sold]) {
        const rows = await lab.mystDone('consumer', service, ['sessions', 'verify', file])
        expect(rows).toMatchObject([{ genuine: true, ...names, sessionId: mine.sessionId, end: 'consumer-closed' }])
      }
      const altered = join(lab.dir, `${service}-altered.json`)
      const cost = JSON.stringify(mine.signed.byBoth.content.cost)
      writeFileSync(altered, readFileSync(bought, 'utf8').replaceAll(`"cost": ${cost}`, '"cost": "1"'))
      const refused = lab.myst('consumer', service, ['sessions', 'verify', altered])
      expect(await refused.exited).toMatchObject({ code: 1, stderr: expect.stringContaining('RecordsAltered') })
      expect(refused.lines).toMatchObject([{ genuine: false, problem: 'the provider did not sign this' }])
    }

    it('lists the offer with its terms, and filters', async () => {
      const found = await lab.mystDone('consumer', 'openvpn', ['proposals', '--country', 'DE', '--type', 'openvpn'])
      expect(found).toHaveLength(1)
      expect(found[0]).toMatchObject({ provider, service: 'openvpn', country: 'DE', unit: 'GiB', priceMyst: PRICE })
      expect(await lab.mystDone('consumer', 'openvpn', ['proposals', '--country', 'FR'])).toEqual([])
      expect(await lab.mystDone('consumer', 'openvpn', ['proposals', '--max-price', '0.09'])).toEqual([])
    })

    for (const service of ['openvpn', 'socks'] as const) {
      it(`browses over ${service}, and the provider is paid exactly what was promised less the fee`, async () => {
        const before = await trade.balances(service, SELLER)
        const { running, connected } = await trade.connect(service, '--type', service, '--country', 'DE')
        expect(connected).toMatchObject({ provider, service, exit: '203.0.113.10' })
        const start = await trade.buyer(service, 'status')
        const socksPort = service === 'socks' ? Number(connected.socksPort) : undefined
        const way = socksPort === undefined ? {} : { socksPort }

        const address = await lab.transfer('consumer', { url: `${INTERNET}/ip`, ...way })
        expect(address.text).toBe('203.0.113.10')
        const down = await lab.transfer('consumer', { url: `${INTERNET}/bytes/${DOWN}`, ...way })
        expect(down.bytes).toBe(DOWN)
        const up = await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: UP, ...way })
        expect(up.text).toBe(String(UP))

        // Each side's own kernel, at its own tunnel device; SOCKS has none, so there what the transfers moved.
        const moved = { up: UP, down: DOWN }
        const own = service === 'openvpn' ? directions(await lab.counters('consumer', 'mystc0'), 'sent') : moved
        const theirs = service === 'openvpn' ? directions(await lab.counters('provider', 'mysts0'), 'received') : moved
        const status = await trade.caughtUp(service, own)
        expectClose(status, own)
        expect(mystOf(status, 'promisedMyst')).toBeGreaterThan(mystOf(start, 'promisedMyst'))
        expect(mystOf(status, 'costMyst')).toBeGreaterThan(mystOf(start, 'costMyst'))

        expect((await running.stop()).code).toBe(0)
        expect(running.lines.at(-1)).toMatchObject({ state: 'disconnected' })
        // What both sides keep of it: the final metering, which the provider made and the consumer checked.
        const [bought, sold] = await Promise.all([trade.buyer(service, 'sessions'), trade.one(SELLER, 'sessions')])
        expect(bought).toMatchObject({ sessionId: connected.sessionId, role: 'consumer', end: 'consumer-closed' })
        expect(sold).toMatchObject({ sessionId: connected.sessionId, role: 'provider', end: 'consumer-closed' })
        const each = { role: '', peer: '', startedAt: '', endedAt: '', country: '' }
        expect({ ...bought, ...each }).toEqual({ ...sold, ...each })
        // Where her traffic left is the buyer's to know.
        expect([bought?.country, sold?.country]).toEqual(['DE', null])
        expectClose(bought, own)
        expectClose(sold, theirs)
        expect(bought).toMatchObject({ signed: 'both' })
        await expectSameRecord(service)

        const direct = await lab.transfer('consumer', { url: `${INTERNET}/ip` })
        expect(direct.text).toBe('198.51.100.10')

        const { amount, fee } = await trade.clear(SELLER)
        expect(amount).toBeGreaterThan(0n)
        expect(fee).toBe((amount * NETWORK_FEE_BPS) / 10_000n)
        const after = await trade.balances(service, SELLER)
        expect(before.buyer - after.buyer).toBe(amount)
        expect(after.seller - before.seller).toBe(amount - fee)
      })
    }
  },
)
