import type { RiskView } from '#shared/contract/answers.ts'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import { least, most, sumOf } from '../lib/amounts.ts'
import { CALLED_OFF } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry } from '../ports/identity.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { LedgerRepository } from '../storage/ledger-repository.ts'
import { clearingReason, dueForAgeAtMs, exposureOf, type IssuerFacts, isDue } from './clearing-policy.ts'
import type { ChainFacts } from './deps.ts'
import type { Exposure } from './exposure.ts'
import { verdictOf } from './verdict.ts'

export type RiskDesk = {
  /** Issuers of whom this identity holds promises that are not cleared. */
  issuers(): IdentityId[]
  /**
   * Whether an issuer's promises are to be cleared now and it has what the next one is worth. What was being
   * cleared when the program ended is looked after first of all.
   */
  isDue(issuer: IdentityId): boolean
  /** To be called when an issuer was cleared: the withdrawal that is announced now is no news any more. */
  cleared(issuer: IdentityId): void
  /** Of the issuers, and of these peers besides. */
  views(clearingGas: bigint, peers: readonly IdentityId[]): RiskView[]
}

/** What is known of issuers before more is accepted from them or they are cleared (whitepaper 6.5.6). */
export function createRiskDesk(deps: {
  self: IdentityId
  ledger: Pick<LedgerRepository, 'openReceived' | 'outstandingOf'>
  accounts: Pick<ChainRepository, 'balanceOf' | 'withdrawalOf'>
  facts: Pick<ChainFacts, 'cleared' | 'isCurrent'>
  exposure: Exposure
  registry: Pick<Registry, 'registeredValue'>
  /** The most this node accepts as one promise, and lets one issuer owe. */
  maximumPromise: () => Amount
  /** Told by other providers. */
  outstandingElsewhere: (issuer: IdentityId) => Amount
  policy: () => ClearingPolicy
  clock: Clock
}): RiskDesk {
  const { self, ledger, accounts, registry, clock } = deps
  /** Of the withdrawals that led to a clearing, when each can be executed, by issuer. */
  const handled = new Map<IdentityId, number>()

  function withdrawalOf(issuer: IdentityId) {
    const announced = accounts.withdrawalOf(issuer)
    return announced?.amount === CALLED_OFF ? undefined : announced
  }

  function factsOf(issuer: IdentityId): IssuerFacts {
    const open = ledger.openReceived(issuer)
    const withdrawal = withdrawalOf(issuer)
    const othersHere = ledger.outstandingOf(issuer).filter(({ benefiter }) => benefiter !== self)
    return {
      balance: accounts.balanceOf(issuer),
      leaving: withdrawal?.amount ?? 0n,
      outstandingHere: sumOf(open),
      outstandingElsewhere: sumOf(othersHere) + deps.outstandingElsewhere(issuer),
      highest: open.reduce((highest, { amount }) => most(amount, highest), 0n),
      limit: least(registry.registeredValue(issuer) / 2n, deps.maximumPromise()),
      credit: deps.exposure.limits(issuer).credit,
      oldestPromiseAtMs: open.reduce((oldest, { createdAtMs }) => Math.min(oldest, createdAtMs), clock.now()),
      withdrawalIsNews: withdrawal !== undefined && handled.get(issuer) !== withdrawal.executableAt,
    }
  }

  const reasonOf = (facts: IssuerFacts) => clearingReason(facts, deps.policy(), clock.now())

  const issuers = () => [...new Set(ledger.openReceived().map(({ issuer }) => issuer))]

  return {
    issuers,
    isDue(issuer) {
      const next = ledger.openReceived(issuer)[0]
      if (!next) return false
      if (next.state === 'clearing') return true
      return accounts.balanceOf(issuer) >= next.amount && isDue(reasonOf(factsOf(issuer)))
    },
    cleared(issuer) {
      const withdrawal = withdrawalOf(issuer)
      if (withdrawal) handled.set(issuer, withdrawal.executableAt)
      else handled.delete(issuer)
    },
    views(clearingGas, peers) {
      const isBalanceKnown = deps.facts.isCurrent()
      return [...new Set([...issuers(), ...peers])].map((issuer): RiskView => {
        const facts = factsOf(issuer)
        const { balance, leaving, outstandingHere, outstandingElsewhere, credit, oldestPromiseAtMs } = facts
        const { toBenefiter, inAll } = deps.facts.cleared(issuer, self)
        const { ceiling } = deps.exposure.limits(issuer)
        const owed = sumOf(ledger.outstandingOf(issuer))
        const dueAtMs = dueForAgeAtMs(facts, deps.policy())
        return {
          issuer,
          balance: balance > leaving ? balance - leaving : 0n,
          registeredValue: registry.registeredValue(issuer),
          outstandingHere,
          outstandingElsewhere,
          uncovered: deps.exposure.uncovered(issuer),
          promises: ledger.openReceived(issuer).length,
          isBalanceKnown,
          verdict: verdictOf({ isBalanceKnown, facts, owed, ceiling }),
          exposure: exposureOf(facts),
          credit,
          clearedHere: toBenefiter,
          clearedInAll: inAll,
          oldestPromiseAtMs,
          ...(dueAtMs !== undefined && { dueAtMs }),
          withdrawalAnnounced: leaving > 0n,
          clearingGas,
          clearing: reasonOf(facts),
        }
      })
    },
  }
}
