import { join } from 'node:path'
import { leftoverAt } from '../../src-main/node/payments/given.ts'
import type { Chain, ChainEvent } from '../../src-main/node/ports/chain.ts'
import {
  createLedgerRepository,
  type GivenPromise,
  type ReceivedPromise,
} from '../../src-main/node/storage/ledger-repository.ts'
import { openStore } from '../../src-main/node/storage/open-store.ts'
import type { IdentityId } from '../../src-shared/model/identity.ts'
import type { Role } from './terms.ts'

export type Cleared = Extract<ChainEvent, { name: 'Cleared' }>

/** What both sides have on disk and what the contract has, at one moment in which the chain did not move. */
export type Books = {
  given: GivenPromise[]
  received: ReceivedPromise[]
  /** Promised and not earned, as the issuer reckons; received and not used, as the benefiter does. */
  atRisk: bigint
  leftover: bigint
  cleared: Cleared[]
  balances: Record<Role, bigint>
}

export function createBooks(deps: {
  chain: Chain
  fromBlock: number
  homes: Readonly<Record<Role, { id: IdentityId; home: string }>>
}): { read(): Promise<Books> } {
  const { chain, homes } = deps
  const { issuer, benefiter } = homes
  const cleared: Cleared[] = []
  let nextBlock = deps.fromBlock

  /** One side's books as they stand, while the node may be at work. */
  function look<T>(role: Role, reading: (ledger: ReturnType<typeof createLedgerRepository>) => T): T {
    const store = openStore(join(homes[role].home, 'node.db'))
    try {
      return store.transaction(() => reading(createLedgerRepository(store, homes[role].id)))
    } finally {
      store.close()
    }
  }

  return {
    async read() {
      for (;;) {
        const head = await chain.head()
        if (head.number >= nextBlock) {
          for (const event of await chain.events(nextBlock, head.number)) {
            if (event.name === 'Cleared' && event.issuer === issuer.id) cleared.push(event)
          }
          nextBlock = head.number + 1
        }
        const books = {
          ...look('issuer', (ledger) => ({
            given: ledger.given(benefiter.id),
            atRisk: leftoverAt(ledger, benefiter.id),
          })),
          ...look('benefiter', (ledger) => ({
            received: ledger.received(issuer.id),
            leftover: ledger.account(issuer.id)?.leftover ?? 0n,
          })),
          balances: { issuer: await chain.balanceOf(issuer.id), benefiter: await chain.balanceOf(benefiter.id) },
          cleared: [...cleared],
        }
        if ((await chain.head()).hash === head.hash) return books
      }
    },
  }
}
