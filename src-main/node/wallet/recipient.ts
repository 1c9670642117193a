import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Address } from '#shared/model/address.ts'
import type { IdentityId } from '#shared/model/identity.ts'

/**
 * Refuses addresses at which MYST would be lost or stuck. The node's own gas account is a good one: from
 * there it can be deposited again, or sent on with any wallet. Throws `InvalidRecipient`.
 */
export function checkRecipient(to: Address, network: NetworkFile, own: readonly IdentityId[]): void {
  const refuse = (why: string) => new MystError('InvalidRecipient', why, { details: { to } })
  if (own.includes(to)) {
    throw refuse(
      'This is an identity of your own, whose key holds no ether and sends nothing; choose the address of a wallet, or your gas account.',
    )
  }
  const { token, ...others } = network.contracts
  if (to === token.toLowerCase()) {
    throw refuse('This is the contract of the MYST token itself; what is sent there is lost.')
  }
  if (Object.values(others).some((address) => address.toLowerCase() === to)) {
    throw refuse('This is a contract of the network; what is sent there is lost.')
  }
}
