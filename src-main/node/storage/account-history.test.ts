import { describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import type { Hex } from '../ports/chain.ts'
import { createAccountHistory } from './account-history.ts'
import { type AccountEvent, createChainRepository } from './chain-repository.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const [alice, bob, network] = [id(1), id(2), id(9)]
const to = id(7)

function copied(...events: [block: number, log: number, event: object][]) {
  const store = openStore(':memory:')
  migrate(store)
  const blocks = createChainRepository(store)
  for (const [blockNumber, logIndex, event] of events) {
    blocks.addBlock({ number: blockNumber, hash: hash(blockNumber) }, false)
    const place = { blockNumber, logIndex, blockHash: hash(blockNumber), transactionHash: hash(1000 + blockNumber) }
    blocks.addAccountEvent({ ...place, ...event } as AccountEvent, network)
  }
  return { blocks, history: createAccountHistory(store) }
}

const deposited = (identity: IdentityId, amount: bigint) => ({ name: 'Deposited', identity, amount })
const cleared = { name: 'Cleared', issuer: alice, benefiter: bob, serial: 2n ** 70n, amount: 400n, fee: 4n }

describe('the history of an account', () => {
  it('tells what moved, newest first, each with its transaction', () => {
    const { history } = copied(
      [1, 0, deposited(alice, 1000n)],
      [2, 5, cleared],
      [3, 0, { name: 'WithdrawalAnnounced', identity: alice, to, amount: 300n, executableAt: 99 }],
      [4, 0, { name: 'Withdrawn', identity: alice, to, amount: 300n }],
    )
    expect(history.list(alice, { limit: 10 })).toEqual([
      { kind: 'withdrawn', amount: 300n, counterparty: to, blockNumber: 4, transaction: hash(1004) },
      { kind: 'withdrawal-announced', amount: 300n, counterparty: to, blockNumber: 3, transaction: hash(1003) },
      {
        ...{ kind: 'paid', amount: 400n, fee: 4n, counterparty: bob, serial: 2n ** 70n },
        ...{ blockNumber: 2, transaction: hash(1002) },
      },
      { kind: 'deposit', amount: 1000n, blockNumber: 1, transaction: hash(1001) },
    ])
    // What it changed is what came in, less the fee.
    expect(history.list(bob, { limit: 10 })).toMatchObject([{ kind: 'earned', amount: 396n, fee: 4n }])
    expect(history.list(network, { limit: 10 })).toMatchObject([{ kind: 'network-fee', amount: 4n }])
    expect(history.list(network, { limit: 10 })[0]).not.toHaveProperty('fee')
  })

  it('tells an announced withdrawal from one that was replaced, and from its calling off', () => {
    const announce = (amount: bigint) => ({
      name: 'WithdrawalAnnounced',
      identity: alice,
      to,
      amount,
      executableAt: 99,
    })
    const { history } = copied(
      [1, 0, deposited(alice, 1000n)],
      [2, 0, announce(150n)],
      [3, 0, { name: 'WithdrawalAnnounced', identity: bob, to, amount: 5n, executableAt: 99 }],
      [3, 1, announce(200n)],
      [4, 0, announce(300n)],
      [5, 0, { name: 'Withdrawn', identity: alice, to, amount: 300n }],
      [6, 0, announce(40n)],
      [6, 1, announce(1n)],
      [7, 0, announce(50n)],
    )
    expect(history.list(alice, { limit: 100 }).map(({ kind, amount }) => [kind, amount])).toEqual([
      ['withdrawal-announced', 50n],
      ['withdrawal-called-off', 1n],
      ['withdrawal-announced', 40n],
      ['withdrawn', 300n],
      ['withdrawal-announced', 300n],
      ['withdrawal-replaced', 200n],
      ['withdrawal-replaced', 150n],
      ['deposit', 1000n],
    ])
    expect(history.list(alice, { limit: 1, beforeBlock: 3 })).toMatchObject([{ kind: 'withdrawal-replaced' }])
    expect(history.list(bob, { limit: 9 })).toMatchObject([{ kind: 'withdrawal-announced' }])
  })

  it('adds up to the balance', () => {
    const { blocks, history } = copied(
      [1, 0, deposited(alice, 1000n)],
      [1, 1, deposited(bob, 50n)],
      [2, 0, cleared],
      [2, 1, { ...cleared, issuer: bob, benefiter: alice, amount: 100n, fee: 1n }],
      [3, 0, { name: 'Withdrawn', identity: alice, to, amount: 30n }],
    )
    for (const account of [alice, bob, network]) {
      const sum = history.list(account, { limit: 100 }).reduce((total, { kind, amount }) => {
        if (kind === 'withdrawal-announced') return total
        return kind === 'paid' || kind === 'withdrawn' ? total - amount : total + amount
      }, 0n)
      expect(sum).toBe(blocks.balanceOf(account))
    }
  })

  it('is paged by whole blocks, so that nothing is left out or told twice', () => {
    const events = [1, 1, 2, 2, 2, 3, 5, 5].map((block, index): [number, number, object] => [
      block,
      index,
      deposited(alice, BigInt(index + 1)),
    ])
    const { history } = copied(...events)
    const told: bigint[] = []
    let beforeBlock: number | undefined
    for (;;) {
      const page = history.list(alice, { limit: 2, beforeBlock })
      if (page.length === 0) break
      told.push(...page.map(({ amount }) => amount))
      beforeBlock = page.at(-1)?.blockNumber
    }
    expect(told).toEqual([8n, 7n, 6n, 5n, 4n, 3n, 2n, 1n])
  })

  it('goes with its blocks', () => {
    const { blocks, history } = copied([1, 0, deposited(alice, 5n)], [2, 0, deposited(alice, 6n)])
    blocks.rollBackTo(1)
    expect(history.list(alice, { limit: 10 })).toMatchObject([{ amount: 5n }])
  })
})
