import type { RiskView } from '#shared/contract/answers.ts'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import { type Amount, MYST } from '#shared/model/units.ts'

import { least, most } from '../lib/amounts.ts'

/** Until a person says otherwise: a day's income of a small provider, and nothing waits longer than a day. */
export const DEFAULT_CLEARING: ClearingPolicy = { atOnce: false, threshold: MYST, maxAgeMs: 86_400_000 }

/**
 * Nothing that this node knows of tells what ether is worth in MYST, so a fee in wei cannot be compared with what
 * a clearing brings. The person's own threshold says from where on the fee does not matter; below this part
 * of it a clearing is taken to cost more than it brings, whatever the risk.
 */
const WORTH_PARTS = 20n
/** An issuer that keeps less than a tenth beyond what it owes is as good as without cover: others clear too. */
const MARGIN_PARTS = 10n
/** A promise that has grown to this part of what one may be worth is cleared: soon it cannot be updated any more. */
const FULL = { of: 4n, parts: 3n }

export type ClearingReason = RiskView['clearing']

/** What is known of one issuer that promised something that is not cleared. */
export type IssuerFacts = {
  /** In its account, and of that announced to be withdrawn. */
  balance: Amount
  leaving: Amount
  outstandingHere: Amount
  outstandingElsewhere: Amount
  /** The highest of its promises here, and what the contract and this node let one be worth. */
  highest: Amount
  limit: Amount
  /** What this node lets it owe before it wants to see something cleared. */
  credit: Amount
  oldestPromiseAtMs: number
  /** A withdrawal is announced and nothing was cleared since. */
  withdrawalIsNews: boolean
}

/** From what amount on a clearing is taken to bring more than it costs. */
export function worthClearing({ threshold }: ClearingPolicy): Amount {
  return (threshold > 0n ? threshold : DEFAULT_CLEARING.threshold) / WORTH_PARTS
}

/** What the account holds beyond everything that is known to be promised from it; below zero: too much is promised. */
export function exposureOf({ balance, leaving, outstandingHere, outstandingElsewhere }: IssuerFacts): Amount {
  return most(balance - leaving, 0n) - outstandingHere - outstandingElsewhere
}

/** The account hardly covers what is known to be promised from it. */
export function isCoverThin(facts: IssuerFacts): boolean {
  return exposureOf(facts) < (facts.outstandingHere + facts.outstandingElsewhere) / MARGIN_PARTS
}

/**
 * Why an issuer's promises are to be cleared now, or why not yet (whitepaper 6.5.6). Risk counts under every
 * policy: an announced withdrawal, whose notice period is what there is time for, and an account that hardly
 * covers what is owed. Then what the person chose, and what makes the issuer unable to promise more.
 */
export function clearingReason(facts: IssuerFacts, policy: ClearingPolicy, nowMs: number): ClearingReason {
  const { outstandingHere } = facts
  if (outstandingHere === 0n) return 'waiting'
  if (policy.atOnce) return 'at-once'
  const isAtRisk = isCoverThin(facts)
  const isFull = facts.highest >= fullOf(facts) || outstandingHere >= facts.credit
  const isOld = policy.maxAgeMs > 0 && nowMs - facts.oldestPromiseAtMs >= policy.maxAgeMs
  const reason: ClearingReason =
    facts.leaving > 0n && (facts.withdrawalIsNews || isAtRisk)
      ? 'withdrawal-announced'
      : isAtRisk
        ? 'balance-at-risk'
        : policy.threshold > 0n && outstandingHere >= policy.threshold
          ? 'threshold'
          : isFull
            ? 'credit-used-up'
            : isOld
              ? 'age'
              : 'waiting'
  return reason !== 'waiting' && !isWorthIt(facts, policy) ? 'costs-more' : reason
}

/** When an issuer's promises will be cleared for their age; undefined: never for that, or they are too little for it. */
export function dueForAgeAtMs(facts: IssuerFacts, policy: ClearingPolicy): number | undefined {
  if (facts.outstandingHere === 0n || policy.maxAgeMs === 0 || !isWorthIt(facts, policy)) return undefined
  return facts.oldestPromiseAtMs + policy.maxAgeMs
}

function isWorthIt(facts: IssuerFacts, policy: ClearingPolicy): boolean {
  // With little credit a little is all that there will ever be.
  return facts.outstandingHere >= least(worthClearing(policy), least(fullOf(facts), facts.credit))
}

const fullOf = ({ limit }: IssuerFacts) => (most(limit, 0n) * FULL.parts) / FULL.of

/** Whether a reason means now. */
export function isDue(reason: ClearingReason): boolean {
  return reason !== 'waiting' && reason !== 'costs-more'
}
