import { describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import { createChainRepository } from '../storage/chain-repository.ts'
import { createLedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { dailyEarnings } from './daily-earnings.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const [own, peer] = [id(1), id(2)]

function opened() {
  const store = openStore(':memory:')
  migrate(store)
  const blocks = createChainRepository(store)
  const ledger = createLedgerRepository(store, own)
  blocks.addBlock({ number: 1, hash: '0x01' }, false)
  let serial = 0n
  return {
    ledger,
    cleared(at: string, amount: bigint) {
      serial += 1n
      const times = { createdAtMs: 0, updatedAtMs: Date.parse(at) }
      const promise = { issuer: peer, benefiter: own, serial, amount, signature: '0xab' } as const
      ledger.saveReceived({ ...promise, state: 'cleared', stopped: true, ...times })
      const place = { blockNumber: 1, blockHash: '0x01', logIndex: Number(serial), transactionHash: '0x02' } as const
      blocks.addAccountEvent({ name: 'Cleared', ...promise, fee: 1n, ...place }, id(9))
    },
    daily: (days: number, timeZone: string, now: string) =>
      dailyEarnings(ledger, { days, timeZone }, Date.parse(now)).map(({ day, earned, cleared }) => [
        day,
        earned,
        cleared,
      ]),
  }
}

describe('earnings by day', () => {
  it('are of the days of whoever asks, not of the node', () => {
    const { ledger, cleared, daily } = opened()
    ledger.addEarned(Date.parse('2026-03-10T18:20:00Z'), 5n)
    cleared('2026-03-10T23:10:00Z', 100n)
    const now = '2026-03-11T12:00:00Z'
    expect(daily(2, 'UTC', now)).toEqual([
      ['2026-03-10', 5n, 99n],
      ['2026-03-11', 0n, 0n],
    ])
    // Five hours and three quarters ahead: 18:20 is five past midnight.
    expect(daily(2, 'Asia/Kathmandu', now)).toEqual([
      ['2026-03-10', 0n, 0n],
      ['2026-03-11', 5n, 99n],
    ])
    expect(daily(1, 'America/New_York', '2026-03-11T03:00:00Z')).toEqual([['2026-03-10', 5n, 99n]])
  })

  it('name every day once, also where the clocks change', () => {
    const { ledger, daily } = opened()
    // 23:50 of the day before the 25-hour one, and its last quarter.
    ledger.addEarned(Date.parse('2026-10-24T21:50:00Z'), 3n)
    ledger.addEarned(Date.parse('2026-10-25T22:50:00Z'), 4n)
    expect(daily(3, 'Europe/Berlin', '2026-10-26T22:59:00Z')).toEqual([
      ['2026-10-24', 3n, 0n],
      ['2026-10-25', 4n, 0n],
      ['2026-10-26', 0n, 0n],
    ])
    expect(daily(2, 'Europe/Berlin', '2026-03-29T21:59:00Z').map(([day]) => day)).toEqual(['2026-03-28', '2026-03-29'])
  })

  it('go back 90 days and no further', () => {
    const { ledger, daily } = opened()
    ledger.addEarned(Date.parse('2026-01-01T00:00:00Z'), 1n)
    ledger.addEarned(Date.parse('2026-01-02T00:00:00Z'), 2n)
    const all = daily(90, 'UTC', '2026-04-01T08:00:00Z')
    expect(all).toHaveLength(90)
    expect(all.slice(0, 2)).toEqual([
      ['2026-01-02', 2n, 0n],
      ['2026-01-03', 0n, 0n],
    ])
  })
})
