import type { IdentityId } from '#shared/model/identity.ts'

import type { Chain } from '../ports/chain.ts'
import type { EventReader } from '../ports/event-reader.ts'
import type { AccountEvent, ChainRepository } from '../storage/chain-repository.ts'

/** Keeps accounts, withdrawals and cleared serials (whitepaper 6.5.1) in step with the chain. */
export function createAccountReader({
  repository,
  chain,
}: {
  repository: Pick<ChainRepository, 'addAccountEvent'>
  chain: Pick<Chain, 'networkAccount'>
}): EventReader {
  let feeAccount: IdentityId | undefined
  return {
    async prepare(events) {
      const mine = events.filter(
        (event): event is AccountEvent => event.name !== 'Registered' && event.name !== 'Announced',
      )
      // It is fixed at deployment: asked once, and only when there is something to write.
      if (mine.length > 0) feeAccount ??= await chain.networkAccount()
      const account = feeAccount
      return {
        write() {
          if (account) for (const event of mine) repository.addAccountEvent(event, account)
        },
        committed: () => undefined,
      }
    },
  }
}
