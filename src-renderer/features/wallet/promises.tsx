import { ArrowDownLeft, ArrowUpRight, Handshake } from 'lucide-react'
import { formatDateTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useQuery } from '../../store/use-query.ts'
import { Amount } from '../../ui/amount.tsx'
import { FailedQuery } from '../../ui/failed-query.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { TableWrap } from '../../ui/table-wrap.tsx'
import { ClearingPolicyLine } from './clearing-policy.tsx'

const TONES = { open: '', clearing: 'tag-amber', cleared: 'tag-green' } as const

export function Promises() {
  const wallet = useNode((state) => state.wallet)
  const active = useNode((state) => state.identity.active)
  // They change when these do; the list itself is too long for the state tree.
  const revision = `${active}/${wallet.receivable}/${wallet.payable}/${wallet.transaction?.state}`
  const query = useQuery('promises.list', {}, revision)
  const promises = query.data ?? []
  return (
    <section className="section">
      <h2>{m.wallet.promises}</h2>
      <ClearingPolicyLine />
      <FailedQuery text={m.wallet.promisesFailed} query={query} />
      <div className="card">
        {promises.length === 0 ? (
          <Empty text={m.wallet.promisesNone} />
        ) : (
          <TableWrap label={m.wallet.promises}>
            <table className="table table-stack promises" aria-label={m.wallet.promises}>
              <thead>
                <tr>
                  <th scope="col">{m.wallet.direction}</th>
                  <th scope="col">{m.wallet.peer}</th>
                  <th scope="col" className="end">
                    {m.wallet.amountShort}
                  </th>
                  <th scope="col">{m.wallet.state}</th>
                  <th scope="col">{m.wallet.updated}</th>
                </tr>
              </thead>
              <tbody>
                {promises.map(({ direction, peer, serial, amount, state, updatedAtMs }) => (
                  <tr key={`${direction}-${peer}-${serial}`}>
                    <td>
                      <span className="direction">
                        {direction === 'given' ? (
                          <ArrowUpRight size={15} aria-hidden />
                        ) : (
                          <ArrowDownLeft size={15} aria-hidden />
                        )}
                        {m.wallet[direction]}
                      </span>
                    </td>
                    <td>
                      <IdentityLabel id={peer} />
                    </td>
                    <td className="end">
                      <Amount value={amount} />
                    </td>
                    <td>
                      <span className={`tag ${TONES[state]}`}>{m.wallet.states[state]}</span>
                    </td>
                    <td className="muted">{formatDateTime(updatedAtMs)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableWrap>
        )}
      </div>
    </section>
  )
}

function Empty({ text }: { text: string }) {
  return (
    <div className="empty">
      <Handshake size={28} strokeWidth={1.5} aria-hidden />
      <p>{text}</p>
    </div>
  )
}
