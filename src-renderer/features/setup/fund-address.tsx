import { formatAmount, formatEther } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { Amount } from '../../ui/amount.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Qr } from '../../ui/qr.tsx'
import { FIRST_DEPOSIT } from './funding.ts'

/** Where to send what, and what arrived of it so far. */
export function FundAddress() {
  const address = useNode((state) => state.identity.gasAddress)
  const wallet = useNode((state) => state.wallet)
  return (
    <div className="fund">
      {address && (
        <div className="fund-address">
          <Qr text={address} label={m.setup.qr} />
          <div>
            <p className="field-label">{m.setup.fundAddress}</p>
            <p className="address">
              <code>{address}</code>
              <CopyButton text={address} label={m.wallet.copyAddress} />
            </p>
          </div>
        </div>
      )}
      <dl className="facts">
        <div>
          <dt>{m.setup.needed}</dt>
          <dd>{formatAmount(wallet.registrationFee)}</dd>
        </div>
        <div>
          <dt>{m.setup.suggested}</dt>
          <dd>{formatAmount(FIRST_DEPOSIT)}</dd>
        </div>
        <div>
          <dt>{m.setup.received}</dt>
          <dd aria-live="polite">
            <Amount value={wallet.undeposited} />
          </dd>
        </div>
        <div>
          <dt>{m.setup.gasArrived}</dt>
          <dd aria-live="polite">{wallet.gas > 0n ? formatEther(wallet.gas) : m.setup.gasNone}</dd>
        </div>
      </dl>
    </div>
  )
}
