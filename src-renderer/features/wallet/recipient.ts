import { type Address, type AddressProblem, readAddress } from '#shared/model/address.ts'

export type RecipientProblem = AddressProblem | 'own-identity' | 'contract'

/** Where a withdrawal may go, as far as a page knows it; the node looks again. `own` and `contracts` in any case. */
export function readRecipient(
  text: string,
  known: { own: readonly string[]; contracts: readonly string[] },
): { address: Address } | { problem: RecipientProblem } {
  const read = readAddress(text)
  if ('problem' in read) return read
  const isAmong = (addresses: readonly string[]) => addresses.some((one) => one.toLowerCase() === read.address)
  if (isAmong(known.own)) return { problem: 'own-identity' }
  return isAmong(known.contracts) ? { problem: 'contract' } : read
}
