import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import type { Store } from '../ports/store.ts'
import { createChainRepository } from './chain-repository.ts'
import { createLedgerRepository, type GivenPromise, type ReceivedPromise } from './ledger-repository.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const [own, other, peer] = [id(1), id(2), id(3)]

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

function opened(path = ':memory:'): Store {
  const store = openStore(path)
  cleanups.push(() => store.close())
  migrate(store)
  return store
}

const given = (serial: bigint, change: Partial<GivenPromise> = {}): GivenPromise => ({
  ...{ issuer: own, benefiter: peer, serial, amount: 2n ** 100n, signature: '0xab', accepted: 7n },
  ...{ stopped: false, cleared: false, updatedAtMs: 5 },
  ...change,
})
const received = (serial: bigint, change: Partial<ReceivedPromise> = {}): ReceivedPromise => ({
  ...{ issuer: peer, benefiter: own, serial, amount: 2n ** 100n, signature: '0xab' },
  ...{ state: 'open', stopped: false, createdAtMs: 4, updatedAtMs: 5 },
  ...change,
})

describe('the ledger', () => {
  it('keeps amounts and serials of any size, in the order of numbers', () => {
    const ledger = createLedgerRepository(opened(), own)
    for (const serial of [9n, 2n ** 64n, 10n]) ledger.saveGiven(given(serial))
    for (const serial of [9n, 2n ** 64n, 10n]) ledger.saveReceived(received(serial))
    expect(ledger.given(peer)).toEqual([given(9n), given(10n), given(2n ** 64n)])
    expect(ledger.received(peer)).toEqual([received(9n), received(10n), received(2n ** 64n)])
    expect(ledger.lastGiven(peer)?.serial).toBe(2n ** 64n)
    expect(ledger.lastReceived(peer)?.serial).toBe(2n ** 64n)
    expect(ledger.findGiven(peer, 10n)).toEqual(given(10n))
    expect(ledger.findGiven(peer, 11n)).toBeUndefined()
  })

  it('tells what the peer is known to hold from what may never have arrived', () => {
    const ledger = createLedgerRepository(opened(), own)
    expect(ledger.lastAcknowledged(peer)).toBeUndefined()
    for (const [serial, accepted] of [
      [9n, 7n],
      [10n, 1n],
      [11n, 0n],
    ] as const)
      ledger.saveGiven(given(serial, { accepted }))
    expect([ledger.lastAcknowledged(peer)?.serial, ledger.lastGiven(peer)?.serial]).toEqual([10n, 11n])
  })

  it('tells what is open from what is cleared', () => {
    const ledger = createLedgerRepository(opened(), own)
    ledger.saveGiven(given(1n, { cleared: true }))
    ledger.saveGiven(given(2n, { stopped: true }))
    ledger.saveReceived(received(1n, { state: 'cleared' }))
    ledger.saveReceived(received(2n, { state: 'clearing', amount: 5n }))
    expect(ledger.openGiven().map(({ serial }) => serial)).toEqual([2n])
    expect(ledger.receivedAfter(peer, 0n).map(({ serial }) => serial)).toEqual([1n, 2n])
    expect(ledger.receivedAfter(peer, 1n).map(({ serial }) => serial)).toEqual([2n])
    expect(ledger.outstandingOf(peer)).toEqual([{ benefiter: own, serial: 2n, amount: 5n }])
  })

  it('keeps own identities apart, but counts an issuer over all of them', () => {
    const store = opened()
    const [mine, another] = [createLedgerRepository(store, own), createLedgerRepository(store, other)]
    mine.saveReceived(received(1n, { amount: 5n }))
    another.saveReceived({ ...received(1n, { amount: 6n }), benefiter: other })
    mine.saveAccount(peer, { leftover: 3n, used: -4n })
    expect(mine.account(peer)).toEqual({ leftover: 3n, used: -4n })
    expect(another.account(peer)).toBeUndefined()
    expect(another.received()).toHaveLength(1)
    expect(mine.outstandingOf(peer).map(({ amount }) => amount)).toEqual([5n, 6n])
  })

  it('adds up earnings by quarters of an hour', () => {
    const ledger = createLedgerRepository(opened(), own)
    const quarter = 900_000
    ledger.addEarned(2 * quarter - 1, 5n)
    ledger.addEarned(2 * quarter, 2n ** 80n)
    ledger.addEarned(3 * quarter - 1, 1n)
    const second = { atMs: 2 * quarter, amount: 2n ** 80n + 1n }
    expect(ledger.earnedSince(0)).toEqual([{ atMs: quarter, amount: 5n }, second])
    expect(ledger.earnedSince(2 * quarter)).toEqual([second])
    expect(ledger.earnedSince(2 * quarter + 1)).toEqual([])
  })

  it('tells what came in for promises that were cleared, as the chain moved it', () => {
    const store = opened()
    const blocks = createChainRepository(store)
    const ledger = createLedgerRepository(store, own)
    blocks.addBlock({ number: 1, hash: '0x01' }, false)
    const cleared = (serial: bigint, benefiter: IdentityId, logIndex: number) =>
      blocks.addAccountEvent(
        {
          ...{ name: 'Cleared', issuer: peer, benefiter, serial, amount: 100n, fee: 1n },
          ...{ blockNumber: 1, blockHash: '0x01', logIndex, transactionHash: '0x02' },
        },
        id(9),
      )
    cleared(2n, own, 0)
    cleared(3n, own, 1)
    cleared(2n, other, 2)
    // The first the copy does not have, the last is not known to be cleared yet.
    for (const serial of [1n, 2n]) ledger.saveReceived(received(serial, { state: 'cleared', updatedAtMs: 70 }))
    ledger.saveReceived(received(3n, { state: 'clearing', updatedAtMs: 80 }))
    expect(ledger.clearedSince(70)).toEqual([{ atMs: 70, amount: 99n }])
    expect(ledger.clearedSince(71)).toEqual([])
  })

  it('has written everything when a call returns, and takes back all of a transaction that fails', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'node.sqlite')
    const ledger = createLedgerRepository(opened(path), own)
    ledger.saveGiven(given(1n))
    expect(() =>
      ledger.atomically(() => {
        ledger.saveGiven(given(2n))
        throw new Error('no')
      }),
    ).toThrow('no')
    // Opened beside the first: what another process would find after a crash of this one.
    expect(createLedgerRepository(opened(path), own).given()).toEqual([given(1n)])
  })
})
