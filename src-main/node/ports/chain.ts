import type { IdentityId } from '#shared/model/identity.ts'
import type { PaymentPromise, SignedPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'

import type { TypedData, UnlockedIdentity } from './identity.ts'

export type Hex = `0x${string}`
/** `gasPaid` in wei, for all transactions that it took. */
export type TransactionResult = { hash: Hex; blockNumber: number; gasPaid: bigint }

/**
 * What a transaction is for. `intent` names exactly what was wanted: while one with the same intent may
 * still be mined, it is waited for instead of sending another.
 */
export type TransactionPurpose = { what: 'register' | 'deposit' | 'withdraw' | 'clear' | 'announce'; intent: string }

/**
 * A transaction of a gas account and what came of it:
 *
 *   pending ─ mined ─▸ done | reverted       (and back, when the chain is reorganised)
 *      ├─ no node takes it ─▸ unsent         (its nonce is used next, so that it cannot be mined beside another)
 *      └─ its nonce was used elsewhere ─▸ displaced
 */
export type SentTransaction = TransactionPurpose & {
  readonly gasAddress: Hex
  readonly state: 'pending' | 'done' | 'reverted' | 'unsent' | 'displaced'
  /** Another form with a higher fee was signed, because it was not mined. */
  readonly replaced: boolean
  /** The mined form; before, the one signed last. */
  readonly hash?: Hex
  readonly blockNumber?: number
  readonly gasPaid?: bigint
  /** One sentence: why it failed, or what it waits for. */
  readonly message?: string
}

export type FollowedTransactions = {
  /** Looks whether what was mined still stands, after a reorganisation. Never rejects. */
  recheck(): Promise<void>
  /** Stops watching; what is pending stays in the journal for the next time. */
  stop(): void
}
/** What the chain moved: `amount` left the issuer's account, `fee` of it went to the network's. */
export type Moved = { amount: Amount; fee: Amount }
/** What came of one promise in a batch. `error` is the name of the contract's own, as in `TransactionFailed`. */
export type ClearOutcome = { issuer: IdentityId; serial: bigint } & (
  | ({ kind: 'cleared' } & Moved)
  | { kind: 'refused'; error: string }
)
/** Promises in one `clearMany`. */
export const MAX_CLEAR_BATCH = 100
/**
 * The contract knows no calling off: a withdrawal only ends when it is executed or another takes its place. So what
 * takes its place is the smallest there is, to one's own gas account; this node never executes it.
 */
export const CALLED_OFF: Amount = 1n
/** What this node clears in one: two million units of gas even when all are the first of their issuers. */
export const CLEARED_TOGETHER = 50

/**
 * The latest block that all nodes know, and the number of the latest that any of them knows. `apart`: one
 * sentence when one node is far behind another.
 */
export type ChainHead = { number: number; hash: Hex; highest: number; apart?: string }

/** An event of our contracts with where it stands in the chain. */
export type ChainEvent = { blockNumber: number; blockHash: Hex; logIndex: number; transactionHash: Hex } & (
  | { name: 'Registered'; identity: IdentityId; publicKey: Uint8Array; value: Amount }
  | { name: 'Announced'; proposal: Uint8Array }
  | { name: 'Deposited'; identity: IdentityId; amount: Amount }
  | { name: 'Cleared'; issuer: IdentityId; benefiter: IdentityId; serial: bigint; amount: Amount; fee: Amount }
  /** `executableAt` in seconds since 1970. */
  | { name: 'WithdrawalAnnounced'; identity: IdentityId; to: Hex; amount: Amount; executableAt: number }
  | { name: 'Withdrawn'; identity: IdentityId; to: Hex; amount: Amount }
)

/** The gas account that pays for transactions: an unlocked key that only the chain module uses. */
export type GasAccount = {
  readonly address: Hex
  sign(transaction: unknown): Promise<Hex>
  /** `0x` hex of 65 bytes over the EIP-712 hash: what lets a contract take this account's MYST. */
  signTypedData(data: TypedData): Promise<Hex>
}

/**
 * The contracts of the network file over Ethereum JSON-RPC. A node may lie: what can be verified is
 * (signatures, identifiers); the rest is compared where there are several nodes, and believed only when
 * they say the same. Otherwise it throws `ChainDisputed`.
 */
export type Chain = {
  readonly chainId: bigint
  /** Checks chain id and that code stands at every contract address; throws `WrongNetwork`. */
  check(): Promise<void>
  head(): Promise<ChainHead>
  /** JSON-RPC nodes there are, and those among them that are not compared at present, with the reason. */
  nodes(): { of: number; leftOut: readonly { host: string; why: string }[] }
  blockHash(number: number): Promise<Hex | undefined>
  /** `minedAt` in seconds since 1970. */
  blockTime(number: number): Promise<{ hash: Hex; minedAt: number } | undefined>
  events(fromBlock: number, toBlock: number): Promise<ChainEvent[]>
  registrationFee(): Promise<Amount>
  balanceOf(identity: IdentityId): Promise<Amount>
  /** MYST in the gas account itself, not yet deposited. */
  tokenBalanceOf(address: Hex): Promise<Amount>
  gasBalanceOf(address: Hex): Promise<bigint>
  lastClearedSerial(issuer: IdentityId, benefiter: IdentityId): Promise<bigint>
  /** Network fee in parts per 10,000 of the promised value. */
  networkFeeBps(): Promise<bigint>
  /** The account in the payment contract that network fees go to. */
  networkAccount(): Promise<IdentityId>
  register(identity: UnlockedIdentity, gas: GasAccount): Promise<TransactionResult>
  announce(proposal: Uint8Array, gas: GasAccount): Promise<TransactionResult>
  deposit(identity: IdentityId, amount: Amount, gas: GasAccount): Promise<TransactionResult>
  clear(
    promise: SignedPromise,
    benefiter: UnlockedIdentity,
    gas: GasAccount,
    options?: { acceptLess?: boolean },
  ): Promise<TransactionResult & Moved>
  /**
   * Clears up to `MAX_CLEAR_BATCH` promises of different issuers to one benefiter in one transaction; one that is
   * refused does not hold up the others, and its serial is not spent. `outcomes` are in the order of `promises`.
   * Throws `InvalidBatch` for none or too many, for two of one issuer (the second would be cleared and void the
   * first if only that was refused) and for promises to somebody else.
   */
  clearMany(
    promises: readonly SignedPromise[],
    benefiter: UnlockedIdentity,
    gas: GasAccount,
    options?: { acceptLess?: boolean },
  ): Promise<TransactionResult & { outcomes: ClearOutcome[] }>
  announceWithdrawal(
    identity: UnlockedIdentity,
    amount: Amount,
    to: Hex,
    gas: GasAccount,
  ): Promise<TransactionResult & { executableAt: number }>
  executeWithdrawal(identity: IdentityId, gas: GasAccount): Promise<TransactionResult>
  /** Seconds between the announcement of a withdrawal and its execution. */
  noticePeriod(): Promise<number>
  /** Wei per unit of gas: paid at present, needed in the account to begin with, and the most that it can become. */
  gasPrice(): Promise<{ now: bigint; toBegin: bigint; most: bigint }>
  /**
   * Goes on with what the gas account has sent, also in earlier runs: broadcasts it again, watches it, replaces
   * it by one with a higher fee. `handle` is called with what is under way and after every change.
   */
  follow(gas: GasAccount, handle: (sent: SentTransaction) => void): FollowedTransactions
  /** The digest of the typed data a promise's issuer signs, 32 bytes. */
  promiseDigest(promise: PaymentPromise): Uint8Array
  /** The typed data a promise's issuer signs. */
  promiseTypedData(promise: PaymentPromise): TypedData
}
