import { concat, dataSlice, toBeHex } from 'ethers'
import type { IdentityId } from '#shared/model/identity.ts'
import type { PaymentPromise, SignedPromise } from '#shared/model/promise.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Hex } from '../ports/chain.ts'

/** The contract reads no more; half of a registered value is always less. */
const MOST = 2n ** 96n - 1n

/** Arguments of `clear`: identities share their words with what is short (see IPaymentAccounts.sol). */
export function clearArguments(promise: SignedPromise, byBenefiter: Hex, acceptLess: boolean): unknown[] {
  const [issuer, benefiter] = [partsOf(promise.signature), partsOf(byBenefiter)]
  const terms = concat([promise.benefiter, issuer.v, benefiter.v, acceptLess ? '0x01' : '0x00', `0x${'00'.repeat(9)}`])
  return [withAmount(promise.issuer, promise), terms, promise.serial, issuer.rs, benefiter.rs]
}

/** Arguments of `clearMany`. */
export function clearManyArguments(
  promises: readonly SignedPromise[],
  benefiter: IdentityId,
  byBenefiter: Hex,
  acceptLess: boolean,
): unknown[] {
  const claims = promises.map((promise) => {
    const { rs, v } = partsOf(promise.signature)
    return [withAmount(promise.issuer, promise), promise.serial, rs, v]
  })
  return [benefiter, claims, byBenefiter, acceptLess]
}

/** An amount that does not fit is refused by the contract either way: its issuer did not sign this one. */
function withAmount(identity: IdentityId, { amount }: Pick<PaymentPromise, 'amount'>): string {
  const fitting: Amount = amount > MOST ? MOST : amount
  return concat([identity, toBeHex(fitting, 12)])
}

function partsOf(signature: Hex): { rs: [string, string]; v: string } {
  return {
    rs: [dataSlice(signature, 0, 32), dataSlice(signature, 32, 64)],
    v: dataSlice(signature, 64, 65),
  }
}
