import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import { createLedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { leftoverAt, leftoverInAll } from './given.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const [own, other] = [id(1), id(2)]
const PEERS = [id(11), id(12), id(13), id(14)]

const peer = fc.constantFrom(...PEERS)
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: 0n, max: 2n ** 127n }))
const change = fc.oneof(
  fc.record({ peer, serial: fc.bigInt({ min: 1n, max: 3n }), amount, cleared: fc.boolean() }),
  // Below zero: it has cleared more than it has earned.
  fc.record({ peer, used: fc.oneof(amount, fc.bigInt({ min: -9n, max: 9n })) }),
)

it('what is left with all peers together is the sum of what is left with each, after whatever changes', () => {
  let highest = 0n
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
      const store = openStore(':memory:')
      migrate(store)
      const ledger = createLedgerRepository(store, own)
      // Of another identity in the same store, which counts for nothing here.
      createLedgerRepository(store, other).saveAccount(id(11), { leftover: 0n, used: -5n })
      for (const { peer, ...one } of changes) {
        if ('used' in one) ledger.saveAccount(peer, { leftover: 0n, used: one.used })
        else {
          const { serial, amount, cleared } = one
          const promise = { issuer: own, benefiter: peer, serial, amount, signature: '0xab' as const }
          ledger.saveGiven({ ...promise, accepted: 0n, stopped: cleared, cleared, updatedAtMs: 0 })
        }
        const sum = PEERS.reduce((all, each) => all + leftoverAt(ledger, each), 0n)
        expect(leftoverInAll(ledger, ledger.openGiven())).toBe(sum)
        if (sum > highest) highest = sum
      }
      store.close()
    }),
    { numRuns: 100 },
  )
  // Beyond what sqlite or a number adds exactly.
  expect(highest).toBeGreaterThan(2n ** 64n)
})
