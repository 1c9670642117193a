import { type FormEvent, useEffect, useState } from 'react'
import { countryName } from '../../messages/countries.ts'
import { formatAmount, formatPrice } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { available } from '../../store/available.ts'
import { useNode } from '../../store/node-context.tsx'
import { readiness } from '../../store/readiness.ts'
import { navigate } from '../../store/route.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'
import { experienceSentence } from './experience.ts'
import type { Filters } from './filters.ts'
import { misconduct } from './misconduct.ts'
import { nextStep } from './next-step.ts'
import { affordable, priceRange } from './prices.ts'
import { canConnect, connectInput, type Target } from './target.ts'
import { useMeans } from './use-means.ts'

/** Before paying: the price, what is paid ahead, and the most that can be lost. */
export function ConfirmDialog({
  target,
  filters,
  onClose,
}: {
  target: Target | undefined
  filters: Filters
  onClose(): void
}) {
  // Kept while the dialog fades, so that it does not empty before it is gone.
  const title = !target
    ? ''
    : target.kind === 'quick'
      ? m.confirm.quickTitle(countryName(target.first.originLocation.country))
      : m.confirm.title(countryName(target.first.originLocation.country))
  return (
    <Dialog open={target !== undefined} onClose={onClose} title={title} text={target && textOf(target)}>
      {target && <Terms target={target} filters={filters} onClose={onClose} />}
    </Dialog>
  )
}

/** How the first one is chosen, and what a proxy is not. */
function textOf({ kind, first, candidates }: Target): string | undefined {
  const isProxy = first.serviceType === 'socks'
  const texts = [
    kind === 'quick' && candidates.length > 1 && m.confirm.quickText(m.service.tags[first.serviceType]),
    isProxy && m.confirm.proxyText,
  ]
  return texts.filter(Boolean).join(' ') || undefined
}

function Terms({ target, filters, onClose }: { target: Target; filters: Filters; onClose(): void }) {
  const ready = useNode(readiness)
  const wallet = useNode((state) => state.wallet)
  const spendable = available(wallet)
  const connectionName = useNode((state) => state.connection.name)
  const connect = useCommand('connection.connect')
  const { guard } = useMeans()
  const [port, setPort] = useState('')
  const { first } = target
  const free = target.candidates.every(({ pricePerUnit }) => pricePerUnit === 0n)
  const range = priceRange(target.candidates)
  const several = target.kind === 'quick' && target.candidates.length > 1
  const badPort = port !== '' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
  const missing = ready === 'ready' || (free && ready === 'no-balance') ? undefined : nextStep(ready)

  // The state is the truth: once it is connecting, whoever asked, there is nothing left to confirm.
  useEffect(() => {
    if (!canConnect(connectionName, target.instead)) onClose()
  }, [connectionName, target.instead, onClose])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (missing || badPort || connect.running) return
    const socksPort = first.serviceType === 'socks' && port !== '' ? { socksPort: Number(port) } : {}
    if (await connect.run({ ...connectInput(target, filters), ...socksPort })) onClose()
  }

  return (
    <form className="dialog-form" onSubmit={(event) => void submit(event)}>
      {target.instead && <Notice>{guard ? m.confirm.insteadOfVpn : m.confirm.insteadOfProxy}</Notice>}
      <dl className="facts">
        {!several && (
          <div>
            <dt>{m.confirm.provider}</dt>
            <dd>
              <span className="confirm-provider">
                <IdentityLabel id={first.provider} />
                <CopyButton text={first.provider} label={m.confirm.copyProvider} />
              </span>
            </dd>
          </div>
        )}
        {!several && (
          <div>
            <dt>{m.confirm.soFar}</dt>
            <dd>{experienceSentence(first.experience)}</dd>
          </div>
        )}
        {several && (
          <div>
            <dt>{m.confirm.firstTried}</dt>
            <dd>
              {m.confirm.firstTriedText(
                countryName(first.originLocation.country),
                formatPrice(first.pricePerUnit, first.unit),
              )}
            </dd>
          </div>
        )}
        <div>
          <dt>{m.confirm.type}</dt>
          <dd>{m.service[first.serviceType]}</dd>
        </div>
        <div>
          <dt>{several ? m.confirm.priceRange : m.confirm.price}</dt>
          <dd>{several ? range : formatPrice(first.pricePerUnit, first.unit)}</dd>
        </div>
        <div>
          <dt>{m.confirm.ahead}</dt>
          <dd>{free ? m.confirm.aheadFree : m.confirm.aheadText}</dd>
        </div>
        <div>
          <dt>{m.confirm.loss}</dt>
          <dd>{free ? m.confirm.lossNone : m.confirm.lossText(formatAmount(wallet.maxAtRisk))}</dd>
        </div>
        {!free && ready === 'ready' && (
          <div>
            <dt>{m.confirm.balance}</dt>
            <dd>{m.confirm.balanceVolume(formatAmount(spendable), affordable(spendable, first))}</dd>
          </div>
        )}
      </dl>
      {first.serviceType === 'socks' && (
        <Field label={m.confirm.port} error={badPort ? m.confirm.portBad : undefined}>
          {(control) => (
            <input
              {...control}
              inputMode="numeric"
              placeholder={m.confirm.portHint}
              value={port}
              onChange={(event) => setPort(event.target.value.trim())}
            />
          )}
        </Field>
      )}
      {first.experience.misconduct && (
        <Notice tone="amber">
          {misconduct(first.experience.misconduct)}. {m.connect.misconductText}
        </Notice>
      )}
      {missing ? <Notice tone="accent">{missing.text}</Notice> : !free && <p className="faint">{m.confirm.verified}</p>}
      <ErrorNotice error={connect.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{m.app.cancel}</Button>
        {missing ? (
          <Button kind="primary" data-first onClick={() => navigate(missing.route)}>
            {missing.action}
          </Button>
        ) : (
          <Button
            type="submit"
            kind="primary"
            data-first
            disabled={badPort}
            busy={connect.running && m.connection.connecting}
          >
            {m.confirm.go}
          </Button>
        )}
      </div>
    </form>
  )
}
