import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import type { ChainEvent, Hex } from '../ports/chain.ts'
import { type AccountEvent, type ChainRepository, createChainRepository } from './chain-repository.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const network = id(9)

function fresh(): ChainRepository {
  const store = openStore(':memory:')
  migrate(store)
  return createChainRepository(store)
}

const at = (blockNumber: number, logIndex = 0) => ({
  blockNumber,
  logIndex,
  blockHash: hash(blockNumber),
  transactionHash: hash(1),
})

function add(repository: ChainRepository, event: AccountEvent): void {
  repository.addBlock({ number: event.blockNumber, hash: event.blockHash }, false)
  repository.addAccountEvent(event, network)
}

let repository: ChainRepository
beforeEach(() => {
  repository = fresh()
})

describe('accounts rebuilt from events', () => {
  it('follow deposits, clearings with their fee, and withdrawals', () => {
    add(repository, { ...at(1), name: 'Deposited', identity: id(1), amount: 1000n })
    add(repository, { ...at(2), name: 'Cleared', issuer: id(1), benefiter: id(2), serial: 3n, amount: 400n, fee: 4n })
    add(repository, {
      ...at(3),
      name: 'WithdrawalAnnounced',
      identity: id(2),
      to: id(7),
      amount: 390n,
      executableAt: 99,
    })
    expect(repository.withdrawalOf(id(2))).toEqual({ amount: 390n, to: id(7), executableAt: 99 })
    add(repository, { ...at(4), name: 'Withdrawn', identity: id(2), to: id(7), amount: 390n })
    expect(repository.balances()).toEqual([
      { identity: id(1), balance: 600n },
      { identity: id(2), balance: 6n },
      { identity: network, balance: 4n },
    ])
    expect(repository.withdrawalOf(id(2))).toBeUndefined()
    expect(repository.lastClearedSerial(id(1), id(2))).toBe(3n)
    expect(repository.lastClearedSerial(id(2), id(1))).toBe(0n)
    const paid = { benefiter: id(2), serial: 3n, amount: 400n, blockNumber: 2 }
    expect(repository.clearings(id(1), 10)).toEqual([paid])
    expect(repository.clearings(id(1), 10, id(2))).toEqual([paid])
    expect(repository.clearings(id(1), 10, id(3))).toEqual([])
  })

  it('count an event once, however often it comes', () => {
    const event = { ...at(1), name: 'Deposited', identity: id(1), amount: 5n } as const
    add(repository, event)
    add(repository, event)
    expect(repository.balanceOf(id(1))).toBe(5n)
  })

  it('hold amounts and serials beyond 64 bits', () => {
    const amount = 2n ** 127n + 1n
    add(repository, { ...at(1), name: 'Deposited', identity: id(1), amount })
    add(repository, { ...at(2), name: 'Cleared', issuer: id(1), benefiter: id(2), serial: 2n ** 255n, amount, fee: 0n })
    expect(repository.balanceOf(id(2))).toBe(amount)
    expect(repository.lastClearedSerial(id(1), id(2))).toBe(2n ** 255n)
  })

  it('are the same after a roll-back as if the blocks above had never been', () => {
    const someone = fc.integer({ min: 1, max: 3 }).map(id)
    const amount = fc.bigInt({ min: 1n, max: 1000n })
    const anyEvent = fc.oneof(
      fc.record({ name: fc.constant('Deposited' as const), identity: someone, amount }),
      fc.record({
        name: fc.constant('Cleared' as const),
        issuer: someone,
        benefiter: fc.oneof(someone, fc.constant(network)),
        serial: amount,
        amount,
        fee: fc.constant(1n),
      }),
      fc.record({
        name: fc.constant('WithdrawalAnnounced' as const),
        identity: someone,
        to: someone,
        amount,
        executableAt: fc.nat(),
      }),
      fc.record({ name: fc.constant('Withdrawn' as const), identity: someone, to: someone, amount }),
    )
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), fc.nat({ max: 30 }), (events, fork) => {
        const placed = events.map((event, index) => ({ ...event, ...at(index >> 1, index & 1) }))
        const rolledBack = fresh()
        for (const event of placed) add(rolledBack, event)
        rolledBack.rollBackTo(fork)
        const never = fresh()
        for (const event of placed) if (event.blockNumber <= fork) add(never, event)
        expect(everythingIn(rolledBack)).toEqual(everythingIn(never))
      }),
      { numRuns: 60 },
    )
  })

  function everythingIn(some: ChainRepository) {
    const all = [id(1), id(2), id(3), network]
    return {
      tip: some.tip(),
      balances: some.balances(),
      withdrawals: all.map(some.withdrawalOf),
      serials: all.flatMap((issuer) => all.map((benefiter) => some.lastClearedSerial(issuer, benefiter))),
    }
  }
})

describe('registered identities', () => {
  const registered = (blockNumber: number): Extract<ChainEvent, { name: 'Registered' }> => ({
    ...at(blockNumber),
    name: 'Registered',
    identity: id(1),
    publicKey: Uint8Array.of(4, 1, 2),
    value: 10n,
  })

  it('are there until the block they came in is not', () => {
    repository.addBlock({ number: 5, hash: hash(5) }, false)
    repository.addRegistration(registered(5))
    expect(repository.publicKey(id(1))).toEqual(Uint8Array.of(4, 1, 2))
    expect(repository.registeredValue(id(1))).toBe(10n)
    repository.rollBackTo(4)
    expect(repository.publicKey(id(1))).toBeUndefined()
    expect(repository.registeredValue(id(1))).toBe(0n)
    expect(repository.registeredCount()).toBe(0)
  })

  it('need a block to stand in', () => {
    expect(() => repository.addRegistration(registered(5))).toThrow(/FOREIGN KEY/)
  })
})

describe('remembered blocks', () => {
  it('are forgotten with time unless something happened in them', () => {
    for (let number = 1; number <= 6; number++) repository.addBlock({ number, hash: hash(number) }, number !== 2)
    repository.addBlock({ number: 3, hash: hash(3) }, false)
    repository.prune(5)
    expect(repository.blocksBelow(100, 10).map((block) => block.number)).toEqual([6, 5, 3, 2])
    expect(repository.blocksBelow(5, 1)).toEqual([{ number: 3, hash: hash(3) }])
    expect(repository.tip()).toEqual({ number: 6, hash: hash(6) })
    expect(repository.blockHash(4)).toBeUndefined()
  })
})

describe('another network in the same store', () => {
  it('starts from nothing', () => {
    expect(repository.bind('1 0xa')).toBe(false)
    add(repository, { ...at(0), name: 'Deposited', identity: id(1), amount: 5n })
    expect(repository.bind('1 0xa')).toBe(false)
    expect(repository.balanceOf(id(1))).toBe(5n)
    expect(repository.bind('1 0xb')).toBe(true)
    expect(repository.tip()).toBeUndefined()
    expect(repository.balances()).toEqual([])
  })
})
