import type { WalletState } from '#shared/contract/state.ts'
import type { Amount } from '#shared/model/units.ts'

type Money = Pick<WalletState, 'balance' | 'payable' | 'withdrawal'>

/** What is left of the account when providers have collected what they were promised. */
export function unpromised({ balance, payable }: Pick<Money, 'balance' | 'payable'>): Amount {
  return balance > payable ? balance - payable : 0n
}

/** What can still be spent: not promised, and not about to be paid out. */
export function available(wallet: Money): Amount {
  const [left, leaving] = [unpromised(wallet), wallet.withdrawal?.amount ?? 0n]
  return left > leaving ? left - leaving : 0n
}
