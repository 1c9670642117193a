import type { IdentityId } from '../model/identity.ts'
import type { MisconductKind } from '../model/misconduct.ts'
import type { Proposal } from '../model/proposal.ts'
import type { Amount } from '../model/units.ts'

/** What commands answer with, where it is more than a figure or two. */

export type ProposalView = Proposal & {
  blockNumber: number
  expiresAtBlock: number
  preferred: boolean
  own: boolean
  experience: {
    sessions: number
    failures: number
    lastConnectMs?: number
    /** The last attempt failed, within a day and since it announced: it stands behind the others of its rank. */
    failedLast?: boolean
    /** What it did that it must not: the gravest kind, and of all kinds the last time, how often, how much was lost. */
    misconduct?: { kind: MisconductKind; atMs: number; count: number; lost: Amount }
  }
}

export type PromiseView = {
  direction: 'given' | 'received'
  peer: IdentityId
  serial: bigint
  amount: Amount
  state: 'open' | 'clearing' | 'cleared'
  updatedAtMs: number
  /** The issuer's; the contract takes a promise with it and the benefiter's own. */
  signature: string
}

/**
 * One calendar day (`2026-03-29`). `earned`: used of what others paid ahead. `cleared`: what the chain moved to
 * this identity, less the network's fee, on the day this node learned of it.
 */
export type DayOfEarnings = { day: string; earned: Amount; cleared: Amount }

/** A transaction that was mined, and the wei it took. */
export type Sent = { transaction: string; gasPaid: bigint }

/** Fees of an action. Gas in wei of ether, everything else in MYST base units. */
export type FeeQuote = {
  /** At today's price of gas, and the most that can be taken. */
  gas: bigint
  maxGas: bigint
  /** What the gas account holds. */
  gasAvailable: bigint
  /** Registration fee, or the network's share of what is cleared; zero otherwise. */
  fee: Amount
  /** What moves: deposited, withdrawn, or cleared before the fee. */
  amount: Amount
  /** Of a withdrawal: from its announcement until it is paid out. */
  noticeMs?: number
  /** One sentence when it cannot be done, or not now. */
  problem?: string
}

/** One line of the account's history, as the chain has it. */
export type WalletEntry = {
  kind:
    | 'deposit'
    | 'paid'
    | 'earned'
    | 'network-fee'
    | 'withdrawal-announced'
    /** Announced, and then another one took its place. */
    | 'withdrawal-replaced'
    | 'withdrawal-called-off'
    | 'withdrawn'
  /** What it changed; what was only announced changed nothing and shows what was announced. */
  amount: Amount
  /** Kept by the network; part of what was cleared. */
  fee?: Amount
  /** The other side of a clearing, or where a withdrawal goes. */
  counterparty?: string
  serial?: bigint
  blockNumber: number
  /** When that block was mined, as the chain says; missing where the chain could not be asked yet. */
  atMs?: number
  transaction: string
}

/** An issuer as a provider sees it before it accepts more or clears. */
export type RiskView = {
  issuer: IdentityId
  /** On chain, less an announced withdrawal. */
  balance: Amount
  registeredValue: Amount
  /** Not cleared: promised to this node, and, as far as other providers told, to them. */
  outstandingHere: Amount
  outstandingElsewhere: Amount
  /** How many that are outstanding here, and of their sum what the account cannot pay when all known take their share. */
  promises: number
  uncovered: Amount
  /** False: the copy of the chain is old or contested, so the balance may be another, and nothing more is accepted. */
  isBalanceKnown: boolean
  /**
   * `covered`: more is accepted. `near-limit`: the account hardly covers what is owed, is being emptied, or three
   * quarters of the credit are used. `at-limit`: nothing more before something is cleared or deposited. `not-covered`:
   * more was promised than the account holds.
   */
  verdict: 'covered' | 'near-limit' | 'at-limit' | 'not-covered' | 'unknown'
  /** balance − everything outstanding; below zero the issuer has promised more than it has. */
  exposure: Amount
  /** The most this node lets it owe at once; it grows with what was cleared before. */
  credit: Amount
  /** Cleared to this node, and in all, as the chain tells. */
  clearedHere: Amount
  clearedInAll: Amount
  /** Now, where none is outstanding. */
  oldestPromiseAtMs: number
  /** When it will be cleared for its age; absent: never for that, or it is too little to be worth a clearing. */
  dueAtMs?: number
  withdrawalAnnounced: boolean
  /** Wei that clearing now would cost. */
  clearingGas: bigint
  /** Why the next clearing comes when it does; `credit-used-up`: it can promise no more before, under every policy. */
  clearing:
    | 'at-once'
    | 'threshold'
    | 'age'
    | 'credit-used-up'
    | 'balance-at-risk'
    | 'withdrawal-announced'
    | 'waiting'
    | 'costs-more'
}

export type ClearResult = {
  peer: IdentityId
  serial: bigint
  /** What was promised; `cleared` is what the chain moved, less when the account held less. */
  amount: Amount
  cleared?: Amount
  fee: Amount
  transaction?: string
  /** Wei for the whole transaction, which may have cleared several. */
  gasPaid?: bigint
  /** Why it was not cleared. */
  message?: string
  /** It was not, because the account holds less than promised; `acceptLess` would take what is there. */
  uncovered?: boolean
}

/** Where a browser is let in: `address` and then `/#token=` and `token`, once, until `expiresAtMs`. */
export type PageAddress = {
  address: string
  token: string
  expiresAtMs: number
  /** SHA-256, of a certificate that the node made itself. */
  fingerprint?: string
}
