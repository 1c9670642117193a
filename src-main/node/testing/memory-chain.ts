import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'
import { checkBatch } from '../chain/check-batch.ts'
import { createTypedData } from '../chain/typed-data.ts'
import { isSignedByIssuer } from '../payments/check-promise.ts'
import type { ChainFacts } from '../payments/deps.ts'
import type { Chain, ClearOutcome, GasAccount, Moved, TransactionResult } from '../ports/chain.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'

type Part = Pick<
  Chain,
  'balanceOf' | 'lastClearedSerial' | 'networkFeeBps' | 'promiseTypedData' | 'promiseDigest' | 'clear' | 'clearMany'
>

export type MemoryChain = Part & {
  deposit(identity: IdentityId, amount: Amount): void
  /** What an account can still pay: its balance less an announced withdrawal. */
  spendable(identity: IdentityId): Promise<Amount>
  announceWithdrawal(identity: UnlockedIdentity, amount: Amount): Promise<{ executableAt: number }>
  executeWithdrawal(identity: IdentityId): Promise<{ amount: Amount }>
  /** What a node's own copy says that is never behind. */
  facts: ChainFacts
  /** Every clearing, newest first. */
  clearings(
    issuer: IdentityId,
    limit: number,
    benefiter?: IdentityId,
  ): { benefiter: IdentityId; serial: bigint; amount: Amount }[]
  /** While true every call throws `ChainUnreachable`. */
  unreachable: boolean
  /** Called in the middle of `clear`: before and after the transaction is mined. */
  onClear: (when: 'before' | 'after') => Promise<void> | void
}

const address = (digit: string) => `0x${digit.repeat(40)}`
const FEE_BPS = 100n

export const noGas: GasAccount = {
  address: `0x${'9'.repeat(40)}`,
  sign: () => Promise.reject(new Error('nothing is sent in memory')),
  signTypedData: () => Promise.reject(new Error('nothing is sent in memory')),
}

/** The payment accounts by the contract's own rules, in memory: for properties that need many runs. */
export function createMemoryChain(
  registry: Pick<Registry, 'registeredValue'>,
  { nowS = () => 0, noticeS = 60 }: { nowS?: () => number; noticeS?: number } = {},
): MemoryChain {
  const typedData = createTypedData({
    chainId: 31_337,
    contracts: {
      token: address('1'),
      identityRegistry: address('2'),
      serviceDirectory: address('3'),
      paymentAccounts: address('4'),
    },
  })
  let blockNumber = 0
  const balances = new Map<IdentityId, Amount>()
  const cleared: { issuer: IdentityId; benefiter: IdentityId; serial: bigint; amount: Amount }[] = []
  const withdrawals = new Map<IdentityId, { amount: Amount; executableAt: number }>()
  const add = (identity: IdentityId, amount: Amount) =>
    void balances.set(identity, (balances.get(identity) ?? 0n) + amount)
  const lastOf = (issuer: IdentityId, benefiter: IdentityId) =>
    cleared.find((one) => one.issuer === issuer && one.benefiter === benefiter)?.serial ?? 0n
  const failed = (error: string) =>
    new MystError('TransactionFailed', `The contract refused the transaction: ${error}.`, { details: { error } })

  const chain: MemoryChain = {
    unreachable: false,
    onClear: () => undefined,
    promiseTypedData: typedData.promise,
    promiseDigest: typedData.promiseDigest,
    deposit: add,
    async balanceOf(identity) {
      reach()
      return balances.get(identity) ?? 0n
    },
    async spendable(identity) {
      reach()
      return chain.facts.balanceOf(identity)
    },
    facts: {
      isCurrent: () => !chain.unreachable,
      balanceOf(identity) {
        const left = (balances.get(identity) ?? 0n) - (withdrawals.get(identity)?.amount ?? 0n)
        return left > 0n ? left : 0n
      },
      lastClearedSerial: lastOf,
      cleared(issuer, benefiter) {
        const all = cleared.filter((one) => one.issuer === issuer)
        const sum = (some: typeof all) => some.reduce((total, { amount }) => total + amount, 0n)
        return { toBenefiter: sum(all.filter((one) => one.benefiter === benefiter)), inAll: sum(all) }
      },
      catchUp: async () => undefined,
    },
    async announceWithdrawal({ id }, amount) {
      reach()
      if (amount === 0n) throw failed('ZeroAmount')
      const executableAt = nowS() + noticeS
      withdrawals.set(id, { amount, executableAt })
      return { executableAt }
    },
    async executeWithdrawal(id) {
      reach()
      const announced = withdrawals.get(id)
      if (!announced) throw failed('NoWithdrawal')
      if (nowS() < announced.executableAt) throw failed('WithdrawalTooEarly')
      const balance = balances.get(id) ?? 0n
      if (balance === 0n) throw failed('InsufficientBalance')
      const amount = announced.amount < balance ? announced.amount : balance
      withdrawals.delete(id)
      add(id, -amount)
      return { amount }
    },
    async lastClearedSerial(issuer, benefiter) {
      reach()
      return lastOf(issuer, benefiter)
    },
    async networkFeeBps() {
      reach()
      return FEE_BPS
    },
    clearings: (issuer, limit, benefiter) =>
      cleared
        .filter((one) => one.issuer === issuer && (benefiter === undefined || one.benefiter === benefiter))
        .slice(0, limit),
    async clear(promise, benefiter, _gas, options) {
      reach()
      await chain.onClear('before')
      const moved = settle(promise, benefiter.id, options)
      await chain.onClear('after')
      return { ...mined(), ...moved }
    },
    async clearMany(promises, benefiter, _gas, options) {
      reach()
      checkBatch(promises, benefiter.id)
      await chain.onClear('before')
      const outcomes = promises.map((promise): ClearOutcome => {
        const { issuer, serial } = promise
        try {
          return { kind: 'cleared', issuer, serial, ...settle(promise, benefiter.id, options) }
        } catch (error) {
          if (!(error instanceof MystError)) throw error
          return { kind: 'refused', issuer, serial, error: String(error.details?.error) }
        }
      })
      await chain.onClear('after')
      return { ...mined(), outcomes }
    },
  }

  function settle(
    promise: SignedPromise,
    by: IdentityId,
    { acceptLess = false }: { acceptLess?: boolean } = {},
  ): Moved {
    const { issuer, serial, benefiter } = promise
    if (!isSignedByIssuer(promise, chain)) throw failed('InvalidIssuerSignature')
    if (by !== benefiter) throw failed('InvalidBenefiterSignature')
    if (serial <= lastOf(issuer, benefiter)) throw failed('SerialNotAboveLast')
    if (promise.amount === 0n) throw failed('ZeroAmount')
    if (promise.amount > registry.registeredValue(issuer) / 2n) throw failed('AmountAboveLimit')
    const balance = balances.get(issuer) ?? 0n
    if (promise.amount > balance && !acceptLess) throw failed('InsufficientBalance')
    const amount = promise.amount > balance ? balance : promise.amount
    const fee = (amount * FEE_BPS) / 10_000n
    add(issuer, -amount)
    add(benefiter, amount - fee)
    cleared.unshift({ issuer, benefiter, serial, amount })
    return { amount, fee }
  }

  function mined(): TransactionResult {
    blockNumber += 1
    return { hash: `0x${blockNumber.toString(16).padStart(64, '0')}`, blockNumber, gasPaid: 0n }
  }

  function reach() {
    if (chain.unreachable) throw new MystError('ChainUnreachable', 'The blockchain cannot be reached.')
  }
  return chain
}
