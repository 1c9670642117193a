import { expect } from 'vitest'
import type { HostName } from '../../src-main/node/localnet/hosts.ts'
import { parseMyst } from '../../src-shared/model/units.ts'
import type { Lab } from './lab.ts'
import type { Line, LineProcess } from './line-process.ts'

/** The internet host's web server. */
export const INTERNET = 'http://198.51.100.200'

/** What an exchange with the internet moved, in the consumer's directions. */
export type Moved = { up: number; down: number }
/** A seller's host and home. */
export type Seller = { host: HostName; home: string }

export const mystOf = (line: Line | undefined, key: string): bigint => parseMyst(String(line?.[key]))
const bytesOf = (line: Line | undefined, key: string): number => Number(line?.[key])

/** A device's counters as the consumer's directions: what it sends is up on her side, and arrives at the provider's. */
export function directions(device: { receivedBytes: number; sentBytes: number }, up: 'sent' | 'received'): Moved {
  const { receivedBytes, sentBytes } = device
  return up === 'sent' ? { up: sentBytes, down: receivedBytes } : { up: receivedBytes, down: sentBytes }
}

/** Within 1 %. */
export function expectClose(figures: Line | undefined, measured: Moved): void {
  expect(Math.abs(bytesOf(figures, 'bytesDown') / measured.down - 1)).toBeLessThan(0.01)
  expect(Math.abs(bytesOf(figures, 'bytesUp') / measured.up - 1)).toBeLessThan(0.01)
}

/** Buying and selling from the command line, in a lab. Buyers are homes on the host `consumer`. */
export function createTrade(lab: Lab) {
  const one = async ({ host, home }: Seller, ...args: string[]): Promise<Line | undefined> =>
    (await lab.mystDone(host, home, args))[0]
  const buyer = (home: string, ...args: string[]) => one({ host: 'consumer', home }, ...args)

  return {
    /** The first line that a command prints. */
    one,
    buyer,

    /** Sells, once every service is announced. */
    async share(
      { host, home }: Seller,
      terms: { services: readonly string[]; price: string; country: string },
    ): Promise<LineProcess> {
      const { services, price, country } = terms
      const options = ['--price', price, '--unit', 'GiB', '--country', country, '--bandwidth', '200']
      const running = lab.myst(host, home, ['provide', '--without-backup', '--service', services.join(','), ...options])
      for (const service of services) {
        await running.until(`${service} announced`, (line) => line.service === service && line.state === 'announced')
      }
      return running
    },

    async connect(home: string, ...args: string[]): Promise<{ running: LineProcess; connected: Line }> {
      const running = lab.myst('consumer', home, ['connect', ...args])
      const connected = await running.until('connected', (line) => line.state === 'connected')
      return { running, connected }
    },

    /** The live figures once they have caught up with what was measured, and were metered (every ten seconds). */
    async caughtUp(home: string, measured: Moved): Promise<Line | undefined> {
      const deadline = performance.now() + 20_000
      for (;;) {
        const status = await buyer(home, 'status')
        const reached = bytesOf(status, 'bytesUp') >= measured.up && bytesOf(status, 'bytesDown') >= measured.down
        if ((reached && bytesOf(status, 'meteredBytesDown') > 0) || performance.now() > deadline) return status
      }
    },

    /** Promises that are not cleared, as the home on that host knows them. */
    async openPromises({ host, home }: Seller, direction: 'given' | 'received'): Promise<readonly Line[]> {
      const all = await lab.mystDone(host, home, ['promises'])
      return all.filter((line) => line.direction === direction && line.state === 'open')
    },

    /** On chain. */
    async balances(home: string, seller: Seller): Promise<{ buyer: bigint; seller: bigint }> {
      const [bought, sold] = await Promise.all([buyer(home, 'wallet', 'show'), one(seller, 'wallet', 'show')])
      return { buyer: mystOf(bought, 'balanceMyst'), seller: mystOf(sold, 'balanceMyst') }
    },

    /** Clears everything that the seller holds. */
    async clear({ host, home }: Seller): Promise<{ amount: bigint; fee: bigint; cleared: readonly Line[] }> {
      const cleared = await lab.mystDone(host, home, ['clear'])
      const sum = (key: string) => cleared.reduce((total, line) => total + mystOf(line, key), 0n)
      return { amount: sum('amountMyst'), fee: sum('feeMyst'), cleared }
    },
  }
}

export type Trade = ReturnType<typeof createTrade>
