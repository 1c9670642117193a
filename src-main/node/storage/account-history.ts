import type { WalletEntry } from '#shared/contract/answers.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { CALLED_OFF } from '../ports/chain.ts'
import type { Row, Store } from '../ports/store.ts'
import { big, hex, int, text } from './columns.ts'

/** What each kind of row means to the account it belongs to. */
const KINDS: Readonly<Record<string, WalletEntry['kind']>> = {
  deposit: 'deposit',
  issued: 'paid',
  received: 'earned',
  fee: 'network-fee',
  withdrawal: 'withdrawal-announced',
  withdrawn: 'withdrawn',
}

/** What moved in an account, read from this node's own copy of the chain. */
export type AccountHistory = {
  /**
   * Newest first, below `beforeBlock`. About `limit` entries: a block is never cut in two, so that paging by
   * the last entry's block leaves nothing out.
   */
  list(id: IdentityId, page: { limit: number; beforeBlock?: number | undefined }): WalletEntry[]
}

export function createAccountHistory(store: Store): AccountHistory {
  /**
   * The network's part of a clearing is a row of the network's account, beside the two others. What follows an
   * announced withdrawal tells whether it was replaced; one that was called off was not.
   */
  const read = (id: IdentityId, condition: string, ...params: number[]): WalletEntry[] =>
    store
      .all(
        `SELECT own.*, network.amount AS fee, block.mined_at,
           CASE own.part WHEN 'withdrawal' THEN (
             SELECT iif(later.part = 'withdrawal' AND later.amount <> '${CALLED_OFF}', 'replaced', 'kept') FROM account_event AS later
             WHERE later.identity = own.identity AND later.part IN ('withdrawal', 'withdrawn')
               AND (later.block_number, later.log_index) > (own.block_number, own.log_index)
             ORDER BY later.block_number, later.log_index LIMIT 1
           ) END AS next
         FROM account_event AS own JOIN block ON block.number = own.block_number LEFT JOIN account_event AS network
           ON own.part IN ('issued', 'received') AND network.part = 'fee'
             AND network.block_number = own.block_number AND network.log_index = own.log_index
         WHERE own.identity = ? AND ${condition}`,
        id,
        ...params,
      )
      .map(toEntry)

  const ORDER = 'ORDER BY own.block_number DESC, own.log_index DESC, own.part'

  return {
    list(id, { limit, beforeBlock = Number.MAX_SAFE_INTEGER }) {
      const page = read(id, `own.block_number < ? ${ORDER} LIMIT ?`, beforeBlock, limit)
      const last = page.at(-1)?.blockNumber
      if (page.length < limit || last === undefined) return page
      const whole = page.filter(({ blockNumber }) => blockNumber > last)
      return [...whole, ...read(id, `own.block_number = ? ${ORDER}`, last)]
    },
  }
}

function toEntry(row: Row): WalletEntry {
  return {
    kind: kindOf(row),
    amount: big(row, 'amount'),
    blockNumber: int(row, 'block_number'),
    transaction: hex(row, 'transaction_hash'),
    ...(row.mined_at === null ? {} : { atMs: int(row, 'mined_at') * 1000 }),
    ...(row.fee === null ? {} : { fee: big(row, 'fee') }),
    ...(row.peer === null ? {} : { counterparty: hex(row, 'peer') }),
    ...(row.serial === null ? {} : { serial: big(row, 'serial') }),
  }
}

function kindOf(row: Row): WalletEntry['kind'] {
  const part = text(row, 'part')
  if (part === 'withdrawal' && big(row, 'amount') === CALLED_OFF) return 'withdrawal-called-off'
  return part === 'withdrawal' && row.next === 'replaced' ? 'withdrawal-replaced' : (KINDS[part] ?? 'deposit')
}
