import { join } from 'node:path'
import { Interface } from 'ethers'
import { contracts } from '../../src-main/node/chain/generated/contracts.ts'
import { createJsonRpc } from '../../src-main/node/chain/json-rpc.ts'
import { quantity } from '../../src-main/node/chain/quantities.ts'
import { leftoverAt } from '../../src-main/node/payments/given.ts'
import type { Chain, ChainEvent } from '../../src-main/node/ports/chain.ts'
import {
  createLedgerRepository,
  type GivenPromise,
  type ReceivedPromise,
} from '../../src-main/node/storage/ledger-repository.ts'
import { openStore } from '../../src-main/node/storage/open-store.ts'
import type { NetworkFile } from '../../src-shared/contract/network-file.ts'
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
  /** One block earlier: while a block is made, anvil answers with its state before it says that it is there. */
  before: { blockNumber: number; balances: Record<Role, bigint> }
}

export function createBooks(deps: {
  chain: Chain
  network: NetworkFile
  homes: Readonly<Record<Role, { id: IdentityId; home: string }>>
}): { read(): Promise<Books> } {
  const { chain, network, homes } = deps
  const rpc = createJsonRpc(network.rpc)
  const accounts = new Interface(contracts.PaymentAccounts.abi)
  const { issuer, benefiter } = homes
  const cleared: Cleared[] = []
  let nextBlock = network.startBlock

  /** One side's books as they stand, while the node may be at work. */
  function look<T>(role: Role, reading: (ledger: ReturnType<typeof createLedgerRepository>) => T): T {
    const store = openStore(join(homes[role].home, 'node.db'))
    try {
      return store.transaction(() => reading(createLedgerRepository(store, homes[role].id)))
    } finally {
      store.close()
    }
  }

  async function balanceAt(blockNumber: number, id: IdentityId): Promise<bigint> {
    const call = { to: network.contracts.paymentAccounts, data: accounts.encodeFunctionData('balanceOf', [id]) }
    return rpc.call(quantity, 'eth_call', [call, `0x${blockNumber.toString(16)}`])
  }

  return {
    async read() {
      let first: number | undefined
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
          cleared: [...cleared],
          before: {
            blockNumber: head.number - 1,
            balances: {
              issuer: await balanceAt(head.number - 1, issuer.id),
              benefiter: await balanceAt(head.number - 1, benefiter.id),
            },
          },
        }
        first ??= head.number
        if ((await chain.head()).hash === head.hash && (head.number > first + 1 || !isAhead(books))) return books
      }
    },
  }
}

/** One of them has heard of a clearing in a block that is just being made. */
function isAhead({ given, received, cleared }: Books): boolean {
  const inBooks = [
    ...given.filter((promise) => promise.cleared && promise.amount > 0n),
    ...received.filter(({ state }) => state === 'cleared'),
  ]
  const onChain = new Set(cleared.map(({ serial }) => serial))
  return inBooks.some(({ serial }) => !onChain.has(serial))
}
