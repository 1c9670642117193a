import type { IdentityId } from '#shared/model/identity.ts'
import type { MisconductKind } from '#shared/model/misconduct.ts'
import type { PaymentPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Logger } from '../lib/logger.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { LedgerRepository } from '../storage/ledger-repository.ts'
import type { WordStore } from './peer-word.ts'
import type { PromiseSharing } from './promise-sharing.ts'

/**
 * The chain as one's own copy has it: read at once, without asking anybody, so that a decision and what is
 * written down of it are one step.
 */
export type ChainFacts = {
  /** Whether it may be decided upon; what it says otherwise is old, or contested. */
  isCurrent(): boolean
  /** What an account can still pay: less what is announced to be withdrawn (whitepaper 6.5.6). */
  balanceOf(id: IdentityId): Amount
  /** 0n when nothing of the pair was cleared. */
  lastClearedSerial(issuer: IdentityId, benefiter: IdentityId): bigint
  /** What an issuer has had cleared to a benefiter, and to anybody, itself included. */
  cleared(issuer: IdentityId, benefiter: IdentityId): { toBenefiter: Amount; inAll: Amount }
  /** Resolves when the copy has what the chain has now, or after a short while; never rejects. */
  catchUp(): Promise<void>
}

export type PaymentsDeps = {
  identity: UnlockedIdentity
  chain: Pick<
    Chain,
    'balanceOf' | 'lastClearedSerial' | 'networkFeeBps' | 'promiseTypedData' | 'promiseDigest' | 'clear' | 'clearMany'
  >
  gas: () => GasAccount
  registry: Registry
  ledger: LedgerRepository
  clock: Clock
  log: Logger
  /** What this side asks of promises to it, read anew each time. */
  policy: () => PaymentPolicy
  /** What promises are decided by. */
  facts: ChainFacts
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
  /** What an issuer may owe at once before anything of it was cleared; 0.5 MYST unless said. */
  firstCredit?: Amount
  /** Where it is remembered what peers said of our money, and what they did that they must not. */
  conduct?: WordStore & {
    record(peer: IdentityId, what: { kind: MisconductKind; lost: Amount; held: Amount }): void
  }
  /** Answers in each dialogue what others ask about issuers, and knows what these promised to others. */
  sharing?: Pick<PromiseSharing, 'attach' | 'outstandingElsewhere'>
}

/** Serial and amount of a promise; both 0n: there is none. */
export type LastPromise = Pick<PaymentPromise, 'serial' | 'amount'>
export const bare = (promise: LastPromise | undefined): LastPromise => ({
  serial: promise?.serial ?? 0n,
  amount: promise?.amount ?? 0n,
})
