import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Logger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { LedgerRepository } from '../storage/ledger-repository.ts'
import type { PromiseSharing } from './promise-sharing.ts'

export type PaymentsDeps = {
  identity: UnlockedIdentity
  chain: Pick<Chain, 'balanceOf' | 'lastClearedSerial' | 'networkFeeBps' | 'promiseTypedData' | 'clear' | 'clearMany'>
  gas: () => GasAccount
  registry: Registry
  ledger: LedgerRepository
  clock: Clock
  log: Logger
  /** What this side asks of promises to it, read anew each time. */
  policy: () => PaymentPolicy
  /**
   * Clearings of an issuer, all or to one benefiter, from one's own copy of the chain, newest first. With them
   * a promise that was cleared at less than its highest amount stops counting in full; without them it counts
   * in full.
   */
  clearings?: (
    issuer: IdentityId,
    limit: number,
    benefiter?: IdentityId,
  ) => { benefiter: IdentityId; serial: bigint; amount: Amount }[]
  /** Accounts as one's own copy of the chain has them; what is announced to be withdrawn is still in the balance. */
  accounts?: Pick<ChainRepository, 'balanceOf' | 'withdrawalOf'>
  /** Answers in each dialogue what others ask about issuers, and knows what these promised to others. */
  sharing?: Pick<PromiseSharing, 'attach' | 'outstandingElsewhere'>
}

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
export const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
