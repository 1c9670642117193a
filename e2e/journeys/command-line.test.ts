import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { formatMyst, parseMyst } from '../../src-shared/model/units.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'

/*
 * The main job from the command line, with every part real: a person finds a stranger's offer by
 * country, pays for it with promises and uses it; the stranger is paid on chain.
 */

const PRICE = '0.1'
const DEPOSIT = 50
const DOWN = 100_000_000
const UP = 20_000_000
const INTERNET = 'http://198.51.100.200'
const NETWORK_FEE_BPS = 100n

const myst = (line: Line | undefined, key: string): bigint => parseMyst(String(line?.[key]))
const bytes = (line: Line | undefined, key: string): number => Number(line?.[key])

/** A device's counters as the consumer's directions: what it sends is up on her side, and arrives at the provider's. */
function directions(device: { receivedBytes: number; sentBytes: number }, up: 'sent' | 'received') {
  const { receivedBytes, sentBytes } = device
  return up === 'sent' ? { up: sentBytes, down: receivedBytes } : { up: receivedBytes, down: sentBytes }
}

/** Within 1 %. */
function expectClose(figures: Line | undefined, measured: { up: number; down: number }): void {
  expect(Math.abs(bytes(figures, 'bytesDown') / measured.down - 1)).toBeLessThan(0.01)
  expect(Math.abs(bytes(figures, 'bytesUp') / measured.up - 1)).toBeLessThan(0.01)
}

describe.skipIf(whyNoHosts() !== undefined || !openVpnAvailability().available)(
  'the main job from the command line [needs root openvpn]',
  () => {
    let lab: Lab
    let provide: LineProcess
    let provider = ''

    beforeAll(async () => {
      lab = await createLab()
      await lab.startNetwork()
      const [made] = await lab.mystDone('provider', 'seller', ['identity', 'new'])
      provider = String(made?.identity)
      await lab.mystDone('provider', 'seller', ['wallet', 'faucet', '100'])
      await lab.mystDone('provider', 'seller', ['identity', 'register'])
      // One buyer for each service: neither finds something left of what the other paid.
      for (const buyer of ['openvpn', 'socks']) await lab.prepareIdentity('consumer', buyer, DEPOSIT)
      provide = await share()
    })
    afterAll(() => lab?.dispose())

    async function share(): Promise<LineProcess> {
      const terms = ['--price', PRICE, '--unit', 'GiB', '--country', 'DE', '--bandwidth', '200']
      const running = lab.myst('provider', 'seller', ['provide', '--service', 'openvpn,socks', ...terms])
      for (const service of ['openvpn', 'socks']) {
        await running.until(`${service} announced`, (line) => line.service === service && line.state === 'announced')
      }
      return running
    }

    const one = async (host: 'provider' | 'consumer', home: string, ...args: string[]) =>
      (await lab.mystDone(host, home, args))[0]
    const connect = async (buyer: string, ...args: string[]) => {
      const running = lab.myst('consumer', buyer, ['connect', ...args])
      const connected = await running.until('connected', (line) => line.state === 'connected')
      return { running, connected }
    }

    /** The live figures once they have caught up with what was measured, and were metered (every ten seconds). */
    async function caughtUp(buyer: string, measured: { up: number; down: number }): Promise<Line | undefined> {
      const deadline = performance.now() + 20_000
      for (;;) {
        const status = await one('consumer', buyer, 'status')
        const reached = bytes(status, 'bytesUp') >= measured.up && bytes(status, 'bytesDown') >= measured.down
        if ((reached && myst(status, 'costMyst') > 0n) || performance.now() > deadline) return status
      }
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
        const before = {
          buyer: await one('consumer', service, 'wallet', 'show'),
          seller: await one('provider', 'seller', 'wallet', 'show'),
        }
        const { running, connected } = await connect(service, '--type', service, '--country', 'DE')
        expect(connected).toMatchObject({ provider, service, exit: '203.0.113.10' })
        const start = await one('consumer', service, 'status')
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
        const status = await caughtUp(service, own)
        expectClose(status, own)
        expect(myst(status, 'promisedMyst')).toBeGreaterThan(myst(start, 'promisedMyst'))
        expect(myst(status, 'costMyst')).toBeGreaterThan(myst(start, 'costMyst'))

        expect((await running.stop()).code).toBe(0)
        expect(running.lines.at(-1)).toMatchObject({ state: 'disconnected' })
        // What both sides keep of it: the final metering, which the provider made and the consumer checked.
        const [bought, sold] = await Promise.all([
          one('consumer', service, 'sessions'),
          one('provider', 'seller', 'sessions'),
        ])
        expect(bought).toMatchObject({ sessionId: connected.sessionId, role: 'consumer', end: 'consumer-closed' })
        expect(sold).toMatchObject({ sessionId: connected.sessionId, role: 'provider', end: 'consumer-closed' })
        expect({ ...bought, role: '', peer: '', startedAt: '', endedAt: '' }).toEqual({
          ...sold,
          role: '',
          peer: '',
          startedAt: '',
          endedAt: '',
        })
        expectClose(bought, own)
        expectClose(sold, theirs)

        const direct = await lab.transfer('consumer', { url: `${INTERNET}/ip` })
        expect(direct.text).toBe('198.51.100.10')

        const cleared = await lab.mystDone('provider', 'seller', ['clear'])
        const amount = cleared.reduce((sum, line) => sum + myst(line, 'amountMyst'), 0n)
        const fee = cleared.reduce((sum, line) => sum + myst(line, 'feeMyst'), 0n)
        expect(amount).toBeGreaterThan(0n)
        expect(fee).toBe((amount * NETWORK_FEE_BPS) / 10_000n)
        const after = {
          buyer: await one('consumer', service, 'wallet', 'show'),
          seller: await one('provider', 'seller', 'wallet', 'show'),
        }
        expect(formatMyst(myst(before.buyer, 'balanceMyst') - myst(after.buyer, 'balanceMyst'))).toBe(
          formatMyst(amount),
        )
        expect(formatMyst(myst(after.seller, 'balanceMyst') - myst(before.seller, 'balanceMyst'))).toBe(
          formatMyst(amount - fee),
        )
      })
    }

    it('notices a provider that was killed, stops paying, and the provider keeps what it was promised', async () => {
      const { running, connected } = await connect('openvpn', '--type', 'openvpn')
      await lab.transfer('consumer', { url: `${INTERNET}/bytes/1000000` })
      const killedAt = performance.now()
      provide.kill('SIGKILL')
      await provide.exited
      const lost = await running.until('the loss', (line) => line.state === 'disconnected', 90_000)
      expect(performance.now() - killedAt).toBeLessThan(60_000)
      expect(lost.message).toEqual(expect.any(String))
      expect((await running.exited).code).toBe(1)
      const [given] = (await lab.mystDone('consumer', 'openvpn', ['promises'])).filter(
        (line) => line.direction === 'given' && line.state === 'open',
      )

      provide = await share()
      const [held] = (await lab.mystDone('provider', 'seller', ['promises'])).filter(
        (line) => line.direction === 'received' && line.state === 'open',
      )
      expect(held).toMatchObject({ serial: given?.serial })
      expect(myst(held, 'amountMyst')).toBeLessThanOrEqual(myst(given, 'amountMyst'))
      expect(myst(held, 'amountMyst')).toBeGreaterThan(0n)
      const cleared = await lab.mystDone('provider', 'seller', ['clear'])
      expect(cleared).toHaveLength(1)
      expect(cleared[0]).toMatchObject({
        serial: held?.serial,
        amountMyst: held?.amountMyst,
        transaction: expect.any(String),
      })

      const again = await connect('openvpn', '--type', 'socks')
      expect(again.connected).toMatchObject({ provider, exit: '203.0.113.10' })
      expect(again.connected.sessionId).not.toBe(connected.sessionId)
      await again.running.stop()
    })
  },
)
