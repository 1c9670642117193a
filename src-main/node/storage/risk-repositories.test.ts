import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import type { Store } from '../ports/store.ts'
import { createClearingPolicyRepository } from './clearing-policy-repository.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'
import { createSharedPromiseRepository, type SharedPromise } from './shared-promise-repository.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const MANY = { ofIssuer: 100, inAll: 100 }

let store: Store
beforeEach(() => {
  store = openStore(':memory:')
  migrate(store)
})
afterEach(() => store.close())

describe('the clearing policy', () => {
  it('is kept for each identity by itself', () => {
    const chosen = { atOnce: true, threshold: 2n ** 100n, maxAgeMs: 3_600_000 }
    createClearingPolicyRepository(store, id(1)).save({ atOnce: false, threshold: 0n, maxAgeMs: 0 })
    createClearingPolicyRepository(store, id(1)).save(chosen)
    expect(createClearingPolicyRepository(store, id(1)).load()).toEqual(chosen)
    expect(createClearingPolicyRepository(store, id(2)).load()).toBeUndefined()
  })
})

describe('promises that others told of', () => {
  const shared = (issuer: number, benefiter: number, change: Partial<SharedPromise> = {}): SharedPromise => ({
    ...{ issuer: id(issuer), benefiter: id(benefiter), serial: 5n, amount: 9n, signature: '0xab', heardAtMs: 1 },
    ...change,
  })

  it('are kept once each, the highest first', () => {
    const repository = createSharedPromiseRepository(store)
    for (const amount of [9n, 2n ** 90n]) repository.save(shared(1, 2, { amount }), MANY)
    repository.save(shared(1, 3, { amount: 10n }), MANY)
    repository.save(shared(1, 3, { serial: 2n ** 70n, amount: 100n }), MANY)
    repository.save(shared(2, 3), MANY)
    expect(repository.of(id(1)).map(({ benefiter, serial, amount }) => [benefiter, serial, amount])).toEqual([
      [id(2), 5n, 2n ** 90n],
      [id(3), 2n ** 70n, 100n],
      [id(3), 5n, 10n],
    ])
    expect(repository.find(shared(2, 3))).toEqual(shared(2, 3))
    repository.remove(shared(2, 3))
    expect(repository.of(id(2))).toEqual([])
  })

  it('are bounded: the lowest of an issuer and the oldest of all give way', () => {
    const repository = createSharedPromiseRepository(store)
    const bounds = { ofIssuer: 2, inAll: 3 }
    for (const [benefiter, amount] of [
      [2, 7n],
      [3, 100n],
      [4, 8n],
    ] as const) {
      repository.save(shared(1, benefiter, { amount }), bounds)
    }
    expect(repository.of(id(1)).map(({ amount }) => amount)).toEqual([100n, 8n])
    repository.save(shared(2, 3, { heardAtMs: 2 }), bounds)
    repository.save(shared(3, 3, { heardAtMs: 3 }), bounds)
    expect(repository.all().length).toBe(3)
    expect(repository.of(id(2)).length + repository.of(id(3)).length).toBe(2)
  })
})
