import './wallet.css'
import { Wallet as WalletIcon } from 'lucide-react'
import { useState } from 'react'
import { counted, formatAmount, formatEther } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { available } from '../../store/available.ts'
import { useNode } from '../../store/node-context.tsx'
import { type Readiness, readiness } from '../../store/readiness.ts'
import { navigate } from '../../store/route.ts'
import { hasNetwork, takesMoney } from '../../store/takes-money.ts'
import { Amount } from '../../ui/amount.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { DepositDialog } from './deposit-dialog.tsx'
import { FundingBox } from './funding-box.tsx'
import { History } from './history.tsx'
import { PendingWithdrawal } from './pending-withdrawal.tsx'
import { Promises } from './promises.tsx'
import { Transaction } from './transaction.tsx'
import { WithdrawDialog } from './withdraw-dialog.tsx'

/** Of so many on there is time: what runs out first years from now is no reason to warn. */
const FEW_TRANSACTIONS = 20
/** Of more nobody needs the number. */
const MANY_TRANSACTIONS = 100

export function Wallet() {
  const ready = useNode(readiness)
  const isChosen = useNode(hasNetwork)
  const closed = ready === 'no-identity' || ready === 'locked' ? ready : isChosen ? undefined : 'no-network'
  return (
    <div className="screen">
      <h1>{m.wallet.title}</h1>
      {closed ? <Closed why={closed} /> : <Open ready={ready} />}
    </div>
  )
}

/** Of nobody's money nothing is known, so no figure is shown for it. */
function Closed({ why }: { why: 'no-identity' | 'locked' | 'no-network' }) {
  const unlocking = useNode((state) => state.identity.unlocking)
  return (
    <section className="card empty">
      <WalletIcon size={28} strokeWidth={1.5} aria-hidden />
      <p>{unlocking ? m.unlock.unlocking : m.wallet.closed[why]}</p>
      {!unlocking && why !== 'no-network' && (
        <Button kind="primary" onClick={() => navigate(why === 'locked' ? 'unlock' : 'setup')}>
          {why === 'locked' ? m.confirm.unlock : m.confirm.setUp}
        </Button>
      )}
    </section>
  )
}

function Open({ ready }: { ready: Readiness }) {
  const wallet = useNode((state) => state.wallet)
  const isOpen = useNode(takesMoney)
  const [dialog, setDialog] = useState<'deposit' | 'withdraw'>()
  const close = () => setDialog(undefined)
  return (
    <>
      <section className="card card-pad balance">
        <div className="balance-main">
          <div>
            <p className="muted">{m.wallet.available}</p>
            <p className="balance-figure">
              <Amount value={available(wallet)} />
            </p>
            <p className="faint">{m.wallet.availableHint}</p>
          </div>
          <div className="balance-actions">
            <Button
              {...(wallet.undeposited > 0n && { kind: 'primary' as const })}
              title={wallet.undeposited === 0n ? m.wallet.nothingToDeposit : undefined}
              disabled={ready === 'not-backed-up' || wallet.undeposited === 0n}
              onClick={() => setDialog('deposit')}
            >
              {m.wallet.deposit}
            </Button>
            <Button disabled={wallet.balance === 0n} onClick={() => setDialog('withdraw')}>
              {m.wallet.withdraw}
            </Button>
          </div>
        </div>
        <dl className="balance-parts">
          <div title={m.wallet.balanceHint}>
            <dt>{m.wallet.balance}</dt>
            <dd>
              <Amount value={wallet.balance} />
            </dd>
          </div>
          <div title={m.wallet.payableHint}>
            <dt>{m.wallet.payable}</dt>
            <dd>
              <Amount value={wallet.payable} />
              {wallet.paidAhead > 0n && (
                <span className="part-note faint">{m.wallet.paidAhead(formatAmount(wallet.paidAhead))}</span>
              )}
            </dd>
          </div>
          <div>
            <dt>{m.wallet.receivable}</dt>
            <dd>
              <Amount value={wallet.receivable} />
            </dd>
          </div>
          <div title={m.wallet.undepositedHint}>
            <dt>{m.wallet.undeposited}</dt>
            <dd>
              <Amount value={wallet.undeposited} />
            </dd>
          </div>
          <div title={m.wallet.gasHint}>
            <dt>{m.wallet.gas}</dt>
            <dd className="numbers">
              {formatEther(wallet.gas)}
              {wallet.transactionsLeft !== undefined && wallet.transactionsLeft < MANY_TRANSACTIONS && (
                <span className="part-note faint">{m.wallet.gasLeft(counted(wallet.transactionsLeft))}</span>
              )}
            </dd>
          </div>
        </dl>
      </section>
      {ready === 'not-backed-up' && (
        <Notice
          tone="accent"
          action={
            <Button size="small" onClick={() => navigate('setup')}>
              {m.confirm.setUp}
            </Button>
          }
        >
          {m.share.needBackup}
        </Notice>
      )}
      {isOpen && wallet.runsOutFirst === 'gas' && (wallet.transactionsLeft ?? 0) < FEW_TRANSACTIONS && (
        <Notice tone="amber">{m.wallet.gasLow}</Notice>
      )}
      {wallet.withdrawal && <PendingWithdrawal withdrawal={wallet.withdrawal} />}
      {wallet.transaction && <Transaction transaction={wallet.transaction} dueMs={wallet.withdrawal?.executableAtMs} />}
      <FundingBox />
      <Promises />
      <History />
      <DepositDialog open={dialog === 'deposit'} onClose={close} />
      <WithdrawDialog open={dialog === 'withdraw'} onClose={close} />
    </>
  )
}
