import { Interface } from 'ethers'
import { MystError } from '#shared/errors/myst-error.ts'

import { contracts } from './generated/contracts.ts'
import { RpcRefused } from './json-rpc.ts'

const interfaces = Object.values(contracts).map(({ abi }) => new Interface(abi))

/** What a person can do about each refusal of our contracts; the others show their name. */
const SENTENCES: Readonly<Record<string, string>> = {
  AlreadyRegistered: 'The identity is already registered.',
  FeeAboveMaximum: 'The registration fee has just risen; look at it and try again.',
  DeadlinePassed: 'The signed request took too long to reach the chain; try again.',
  InsufficientBalance: 'The account does not hold enough MYST; the promise keeps its value until it does.',
  SerialNotAboveLast: 'This promise or a later one was already cleared.',
  AmountAboveLimit: 'The promise is higher than half of what its issuer registered with; the contract never pays that.',
  InvalidIssuerSignature: 'The promise is not signed by its issuer.',
  InvalidNonce: 'Another withdrawal was announced in the meantime; try again.',
  NoWithdrawal: 'No withdrawal is announced for this identity.',
  WithdrawalTooEarly: 'The notice period of the withdrawal is not over yet.',
  InvalidRecipient: 'MYST cannot be sent to this address; choose another one.',
  ERC20InsufficientBalance: 'The gas account does not hold enough MYST; send some to it.',
  Error: 'The contract refused the transaction.',
}

/**
 * `TransactionFailed` with the contract's own error in `details.error` and its arguments beside it.
 * Nothing of it is a stranger's text: names come from our ABI, arguments are numbers and addresses.
 */
function transactionFailed(refusal: RpcRefused): MystError {
  const decoded = decode(refusal.data ?? '0x')
  if (!decoded) {
    return new MystError('TransactionFailed', 'The contract refused the transaction without a known reason.', {
      cause: refusal,
    })
  }
  const message = SENTENCES[decoded.name] ?? `The contract refused the transaction: ${decoded.name}.`
  return new MystError('TransactionFailed', message, {
    details: { ...decoded.args, error: decoded.name },
    cause: refusal,
  })
}

/** Turns a revert into `TransactionFailed` with the contract's own error decoded. */
export async function refusing<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof RpcRefused && error.data !== undefined ? transactionFailed(error) : error
  }
}

/** The name of a contract's error; `Unknown` for what is none of ours. */
export function errorName(data: string): string {
  return decode(data)?.name ?? 'Unknown'
}

function decode(data: string): { name: string; args: Record<string, string> } | undefined {
  for (const known of interfaces) {
    try {
      const error = known.parseError(data)
      if (!error) continue
      const args = error.fragment.inputs
        .map((input, index): [string, unknown] => [input.name, error.args[index]])
        .filter(
          ([name, value]) => name !== '' && (typeof value === 'bigint' || /^0x[0-9a-fA-F]{40}$/.test(String(value))),
        )
        .map(([name, value]): [string, string] => [name, String(value)])
      return { name: error.name, args: Object.fromEntries(args) }
    } catch {
      // Not one of this contract's, or cut short.
    }
  }
  return undefined
}
