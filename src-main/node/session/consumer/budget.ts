import type { Amount } from '#shared/model/units.ts'

import type { Allowance } from '../../payments/issuer.ts'

/** What may be spent, over many attempts; one of them at a time. */
export type Budget = {
  /** `held`: what the provider has of ours already, which the attempt may use. Undefined: that is more than is left. */
  begin(held: Amount): Purse | undefined
}

/** What one attempt may spend. Below zero: it was lowered meanwhile. */
export type Purse = Allowance & {
  /** What the attempt has cost so far. */
  used(cost: Amount): void
  /** Nothing is spent any more. */
  end(): void
}
