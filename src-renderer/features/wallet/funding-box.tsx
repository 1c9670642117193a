import { Droplets, QrCode } from 'lucide-react'
import { useState } from 'react'
import { MYST } from '#shared/model/units.ts'
import { formatAmount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { takesMoney } from '../../store/takes-money.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'
import { Qr } from '../../ui/qr.tsx'

const FAUCET_AMOUNT = 20n * MYST

/** How more money comes in: the node's address, and the faucet where there is one. */
export function FundingBox() {
  const local = useNode((state) => state.network.local)
  const { gasAddress: address, active } = useNode((state) => state.identity)
  const faucet = useCommand('wallet.faucet')
  const isOpen = useNode(takesMoney)
  const [got, setGot] = useState(false)
  const get = async () => {
    setGot(false)
    setGot((await faucet.run({ amount: FAUCET_AMOUNT })) !== undefined)
  }
  const [qr, setQr] = useState(false)
  if (!isOpen) return <Notice>{m.wallet.addressUnknown}</Notice>
  return (
    <section className="card card-pad funding">
      {address && (
        <div className="funding-address">
          {qr && <Qr text={address} label={m.setup.qr} size={132} />}
          <div>
            <p className="field-label">{m.wallet.address}</p>
            <p className="address">
              <code>{address}</code>
              <CopyButton text={address} label={m.wallet.copyAddress} />
            </p>
            <p className="faint">{m.wallet.addressHint}</p>
            <Button kind="quiet" size="small" icon={<QrCode size={15} aria-hidden />} onClick={() => setQr(!qr)}>
              {qr ? m.wallet.hideQr : m.wallet.showQr}
            </Button>
          </div>
        </div>
      )}
      {active && (
        <div>
          <p className="field-label">{m.wallet.identity}</p>
          <p className="address">
            <code>{active}</code>
            <CopyButton text={active} label={m.wallet.copyIdentity} />
          </p>
          <p className="faint">{m.wallet.identityHint}</p>
        </div>
      )}
      {local && (
        <div className="funding-faucet">
          <Button
            icon={<Droplets size={16} aria-hidden />}
            busy={faucet.running && m.wallet.fauceting}
            onClick={() => void get()}
          >
            {m.wallet.faucet}
          </Button>
          <p className="faint">{m.wallet.faucetHint}</p>
          <p role="status">{got && m.wallet.fauceted(formatAmount(FAUCET_AMOUNT))}</p>
        </div>
      )}
      <ErrorNotice error={faucet.error} />
    </section>
  )
}
