import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import type { WalletEntry } from '#shared/contract/answers.ts'
import { formatCount, formatDateTime, shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useQuery } from '../../store/use-query.ts'
import { Amount } from '../../ui/amount.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FailedQuery } from '../../ui/failed-query.tsx'
import { TableWrap } from '../../ui/table-wrap.tsx'

const PAGE = 20
const MOST = 1_000

/** Which way money went; a withdrawal that is only announced has moved nothing. */
const SIGNS: { [kind in WalletEntry['kind']]?: '+' | '−' } = {
  deposit: '+',
  earned: '+',
  'network-fee': '+',
  paid: '−',
  withdrawn: '−',
}

/** What moved in the account, as the chain has it, each line with its transaction. */
export function History() {
  const wallet = useNode((state) => state.wallet)
  const { active } = useNode((state) => state.identity)
  const [limit, setLimit] = useState(PAGE)
  const { amount, to, executableAtMs } = wallet.withdrawal ?? {}
  // Two withdrawals announced within one second differ in nothing but what they are.
  const revision = [active, wallet.balance, amount, to, executableAtMs].join('/')
  const query = useQuery('wallet.history', { limit }, revision)
  const entries = query.data ?? []
  return (
    <section className="section">
      <h2>{m.wallet.history}</h2>
      <p className="faint">
        {m.wallet.historyHint}
        {entries.some(({ kind }) => kind === 'earned') && ` ${m.wallet.historyByItself}`}
      </p>
      <FailedQuery text={m.wallet.historyFailed} query={query} />
      <div className="card">
        {entries.length === 0 ? (
          <div className="empty">
            <ScrollText size={28} strokeWidth={1.5} aria-hidden />
            <p>{query.loading ? m.wallet.historyLoading : m.wallet.historyNone}</p>
          </div>
        ) : (
          <TableWrap label={m.wallet.history}>
            <table className="table table-stack history" aria-label={m.wallet.history}>
              <thead>
                <tr>
                  <th scope="col">{m.wallet.what}</th>
                  <th scope="col" className="end">
                    {m.wallet.amountShort}
                  </th>
                  <th scope="col">{m.wallet.peer}</th>
                  <th scope="col">{m.wallet.when}</th>
                  <th scope="col">{m.wallet.transactionId}</th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry) => (
                  <Line
                    key={`${entry.transaction}-${entry.kind}-${entry.counterparty}-${entry.serial}`}
                    entry={entry}
                  />
                ))}
              </tbody>
            </table>
          </TableWrap>
        )}
        {entries.length === limit && limit < MOST && (
          <div className="history-more">
            <Button kind="quiet" size="small" onClick={() => setLimit(Math.min(MOST, limit * 2))}>
              {m.activity.more}
            </Button>
          </div>
        )}
      </div>
    </section>
  )
}

function Line({ entry: { kind, amount, counterparty, blockNumber, atMs, transaction } }: { entry: WalletEntry }) {
  const sign = SIGNS[kind]
  // What calls a withdrawal off goes nowhere.
  const isOff = kind === 'withdrawal-called-off'
  const peer = isOff ? undefined : counterparty
  const block = m.wallet.block(formatCount(blockNumber))
  return (
    <tr>
      <td>{m.wallet.kinds[kind]}</td>
      <td className="end">{isOff ? '–' : <Amount value={amount} {...(sign ? { sign } : {})} />}</td>
      <td className="muted" data-label={peer && m.wallet.peer} title={peer}>
        {peer ? <span className="mono">{shortId(peer)}</span> : '–'}
      </td>
      <td className="numbers muted" title={block}>
        {atMs === undefined ? block : formatDateTime(atMs)}
      </td>
      <td data-label={m.wallet.transactionId}>
        <span className="history-transaction">
          <span className="mono muted" title={transaction}>
            {shortId(transaction)}
          </span>
          <CopyButton text={transaction} label={m.wallet.copyTransaction} />
        </span>
      </td>
    </tr>
  )
}
