import type { IdentityId } from '#shared/model/identity.ts'
import { type Amount, MYST } from '#shared/model/units.ts'
import { least, sumOf } from '../lib/amounts.ts'
import type { Limits } from './check-promise.ts'
import type { PaymentsDeps } from './deps.ts'

/** What a stranger may owe at once: as much as a consumer puts at risk with one provider unless it says otherwise. */
const FIRST_CREDIT = MYST / 2n

/** How far this node trusts an issuer. */
export type Exposure = {
  limits(issuer: IdentityId): Limits
  /**
   * Of what an issuer owes this identity, what its account cannot pay when everybody known takes his share of it.
   * What is announced to be withdrawn still counts as there: it is cleared before.
   */
  uncovered(issuer: IdentityId): Amount
}

export function createExposure(deps: PaymentsDeps): Exposure {
  const { identity, ledger, facts, registry, policy, firstCredit } = deps
  const first = firstCredit ?? FIRST_CREDIT

  function limits(issuer: IdentityId): Limits {
    const { maximumPromise, feeBps } = policy()
    const promise = least(registry.registeredValue(issuer) / 2n, maximumPromise)
    const { toBenefiter, inAll } = facts.cleared(issuer, identity.id)
    const credit = least(first + toBenefiter + ((inAll - toBenefiter) * BigInt(feeBps)) / 10_000n, promise)
    return { promise, credit, ceiling: credit + first }
  }

  function uncovered(issuer: IdentityId): Amount {
    // What the copy says is cleared has left the balance already, whether or not the ledger knows.
    const open = ledger
      .outstandingOf(issuer)
      .filter(({ benefiter, serial }) => serial > facts.lastClearedSerial(issuer, benefiter))
    const here = sumOf(open.filter(({ benefiter }) => benefiter === identity.id))
    const inAll = sumOf(open) + (deps.sharing?.outstandingElsewhere(issuer) ?? 0n)
    const balance = deps.accounts?.balanceOf(issuer) ?? facts.balanceOf(issuer)
    return inAll > balance ? here - (balance * here) / inAll : 0n
  }

  return { limits, uncovered }
}
