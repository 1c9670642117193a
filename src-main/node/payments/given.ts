import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import { most, sumOf } from '../lib/amounts.ts'
import type { GivenPromise, LedgerRepository } from '../storage/ledger-repository.ts'
import type { PaymentsDeps } from './deps.ts'

/** What was promised to a peer and has not been earned by it, as this side reckons; never below zero. */
export function leftoverAt(ledger: LedgerRepository, peer: IdentityId): Amount {
  const promised = sumOf(ledger.openGiven(peer))
  return most(promised - (ledger.account(peer)?.used ?? 0n), 0n)
}

/**
 * The sum of `leftoverAt` over all peers: asked for with every change, so it reads only what is not cleared (`openGiven`)
 * and the accounts, each once. Added up here, since amounts go beyond what sqlite adds exactly.
 */
export function leftoverInAll(ledger: LedgerRepository, openGiven: readonly GivenPromise[]): Amount {
  const leftovers = new Map(ledger.accounts().map(({ peer, used }) => [peer, -used]))
  for (const { benefiter, amount } of openGiven) leftovers.set(benefiter, (leftovers.get(benefiter) ?? 0n) + amount)
  return [...leftovers.values()].reduce((sum, leftover) => sum + most(leftover, 0n), 0n)
}

/**
 * Writes down what the chain has cleared of our promises to a peer. A serial up to the last cleared one
 * is spent, whatever was signed under it beyond the amount that was cleared. How much that was stands in our
 * copy of the chain, which may lag behind: until it has the clearing the promise counts in full and is only
 * never updated again. What is written down as cleared is not looked at any more, so it must be right.
 */
export async function reconcileGiven(deps: PaymentsDeps, peer: IdentityId): Promise<void> {
  const { ledger, chain, clock } = deps
  const self = deps.identity.id
  if (ledger.openGiven(peer).length === 0) return
  const lastCleared = await chain.lastClearedSerial(self, peer)
  const spent = ledger.openGiven(peer).filter((promise) => promise.serial <= lastCleared)
  if (spent.length === 0) return
  const clearings = deps.clearings?.(self, 1000, peer)
  ledger.atomically(() => {
    for (const promise of spent) {
      if (clearings && !clearings.some((clearing) => clearing.serial >= promise.serial)) {
        if (!promise.stopped) ledger.saveGiven({ ...promise, stopped: true })
        continue
      }
      const copied = clearings?.find((clearing) => clearing.serial === promise.serial)?.amount ?? 0n
      const amount = clearings ? copied : promise.amount
      const account = ledger.account(peer) ?? { leftover: deps.policy().freeTrial, used: 0n }
      ledger.saveAccount(peer, { ...account, used: account.used - amount })
      ledger.saveGiven({ ...promise, amount, stopped: true, cleared: true, updatedAtMs: clock.now() })
    }
  })
}
