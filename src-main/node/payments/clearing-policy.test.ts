import { describe, expect, it } from 'vitest'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import { MYST } from '#shared/model/units.ts'

import { clearingReason, DEFAULT_CLEARING, exposureOf, type IssuerFacts, worthClearing } from './clearing-policy.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_700_000_000_000

const safe: IssuerFacts = {
  balance: 100n * MYST,
  leaving: 0n,
  outstandingHere: MYST / 2n,
  outstandingElsewhere: 0n,
  highest: MYST / 2n,
  limit: 50n * MYST,
  credit: 50n * MYST,
  oldestPromiseAtMs: NOW_MS,
  withdrawalIsNews: false,
}
const reason = (facts: Partial<IssuerFacts>, policy: Partial<ClearingPolicy> = {}) =>
  clearingReason({ ...safe, ...facts }, { ...DEFAULT_CLEARING, ...policy }, NOW_MS)

describe('the clearing policy', () => {
  it('lets promises accumulate until threshold or age, by default 1 MYST and a day', () => {
    expect(reason({})).toBe('waiting')
    expect(reason({ outstandingHere: MYST - 1n })).toBe('waiting')
    expect(reason({ outstandingHere: MYST })).toBe('threshold')
    expect(reason({ oldestPromiseAtMs: NOW_MS - DAY_MS + 1 })).toBe('waiting')
    expect(reason({ oldestPromiseAtMs: NOW_MS - DAY_MS })).toBe('age')
    expect(reason({ outstandingHere: 0n, oldestPromiseAtMs: 0 }, { atOnce: true })).toBe('waiting')
  })

  it('switches threshold and age off at zero, and clears everything at once where that was chosen', () => {
    const never = { threshold: 0n, maxAgeMs: 0 }
    expect(reason({ outstandingHere: 9n * MYST, oldestPromiseAtMs: 0 }, never)).toBe('waiting')
    expect(reason({ outstandingHere: 1n }, { ...never, atOnce: true })).toBe('at-once')
  })

  it.each([DEFAULT_CLEARING, { atOnce: false, threshold: 0n, maxAgeMs: 0 }])(
    'clears on risk under every policy: %o',
    (policy) => {
      // Promised: half a MYST; with a tenth on top the account still covers it.
      expect(reason({ balance: (MYST * 55n) / 100n }, policy)).toBe('waiting')
      expect(reason({ balance: (MYST * 55n) / 100n - 1n }, policy)).toBe('balance-at-risk')
      expect(reason({ outstandingElsewhere: 99n * MYST }, policy)).toBe('balance-at-risk')
      expect(reason({ leaving: 100n * MYST }, policy)).toBe('withdrawal-announced')
      expect(reason({ leaving: 1n, withdrawalIsNews: true }, policy)).toBe('withdrawal-announced')
      expect(reason({ leaving: 1n }, policy)).toBe('waiting')
    },
  )

  it('clears what the issuer needs cleared to promise more: at its credit, and near what one promise may be worth', () => {
    const never = { threshold: 0n, maxAgeMs: 0 }
    expect(reason({ highest: MYST / 2n, limit: (MYST * 2n) / 3n }, never)).toBe('credit-used-up')
    expect(reason({ highest: MYST / 2n, limit: (MYST * 2n) / 3n + 2n }, never)).toBe('waiting')
    expect(reason({ credit: MYST / 2n }, never)).toBe('credit-used-up')
    expect(reason({ credit: MYST / 2n + 1n }, never)).toBe('waiting')
    expect(reason({ credit: MYST / 2n }, { threshold: MYST / 2n })).toBe('threshold')
  })

  it('lets what costs more than it brings wait, unless little credit makes it all there is', () => {
    const small = worthClearing(DEFAULT_CLEARING) - 1n
    const old = { outstandingHere: small, highest: small, oldestPromiseAtMs: 0 }
    expect(reason(old)).toBe('costs-more')
    expect(reason({ ...old, balance: 0n })).toBe('costs-more')
    expect(reason({ ...old, leaving: 100n * MYST })).toBe('costs-more')
    expect(reason({ outstandingHere: small, highest: small })).toBe('waiting')
    expect(reason({ ...old, outstandingHere: small + 1n })).toBe('age')
    expect(reason({ ...old, credit: small })).toBe('credit-used-up')
    expect(reason(old, { atOnce: true })).toBe('at-once')
  })

  it('counts as exposure what remains beyond everything known to be promised', () => {
    expect(exposureOf({ ...safe, balance: MYST, leaving: MYST / 4n, outstandingElsewhere: MYST })).toBe(
      (-MYST * 3n) / 4n,
    )
    expect(exposureOf({ ...safe, balance: MYST, leaving: 2n * MYST })).toBe(-MYST / 2n)
  })
})
