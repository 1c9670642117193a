import type { RiskView } from '#shared/contract/answers.ts'
import type { Amount } from '#shared/model/units.ts'

import { exposureOf, type IssuerFacts, isCoverThin } from './clearing-policy.ts'

/** From this part of what an issuer may owe it is said to be close to it. */
const NEAR = { of: 4n, parts: 3n }

/** How an issuer stands, as `checkPromise` will judge what it promises next. `owed`: to all identities of this node. */
export function verdictOf(known: {
  isBalanceKnown: boolean
  facts: IssuerFacts
  owed: Amount
  ceiling: Amount
}): RiskView['verdict'] {
  const { facts, owed, ceiling } = known
  if (!known.isBalanceKnown) return 'unknown'
  const left = exposureOf(facts)
  if (left < 0n) return 'not-covered'
  if (left === 0n || owed >= ceiling) return 'at-limit'
  const isNear = owed * NEAR.of >= facts.credit * NEAR.parts
  return isNear || isCoverThin(facts) || facts.leaving > 0n ? 'near-limit' : 'covered'
}
