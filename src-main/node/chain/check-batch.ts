import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { PaymentPromise } from '#shared/model/promise.ts'

import { MAX_CLEAR_BATCH } from '../ports/chain.ts'

/** Throws `InvalidBatch` for promises that `clearMany` does not take together; see there. */
export function checkBatch(promises: readonly PaymentPromise[], benefiter: IdentityId): void {
  const refuse = (message: string) => new MystError('InvalidBatch', message)
  if (promises.length === 0 || promises.length > MAX_CLEAR_BATCH) {
    throw refuse(`One to ${MAX_CLEAR_BATCH} promises are cleared at once, not ${promises.length}.`)
  }
  if (new Set(promises.map(({ issuer }) => issuer)).size < promises.length) {
    throw refuse('Only one promise of each issuer is cleared at once; clear the others after it.')
  }
  if (promises.some((promise) => promise.benefiter !== benefiter)) {
    throw refuse('Only promises to the identity that signs are cleared at once.')
  }
}
