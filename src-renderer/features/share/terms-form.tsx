import { type FocusEvent, type FormEvent, useEffect, useId, useRef } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import type { ServiceTypeName } from '#shared/model/proposal.ts'
import { formatAmount, formatBandwidth } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { readAmount } from '../../messages/typed.ts'
import { useNode } from '../../store/node-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { CountrySelect, UnitSelect } from '../../ui/terms-selects.tsx'
import { AnnounceFees } from './announce-fees.tsx'
import { type TermsForm as Form, lessOffered, MOST_PRICE, type TermsErrors } from './terms.ts'
import { Limits } from './terms-limits.tsx'

const TYPES = ['openvpn', 'socks'] as const

export function TermsForm({
  form,
  errors,
  refused,
  busy,
  why,
  error,
  change,
  onChange,
  onLeave,
  onStart,
}: {
  form: Form
  errors: TermsErrors
  /** How often starting was refused for `errors`: each time the first of them is gone to. */
  refused: number
  busy: boolean
  /** Why nothing can be started now. */
  why: string | undefined
  /** Of starting from here. */
  error: MystError | undefined
  /** Sharing is on: what other terms do to whoever is connected, and the way back. */
  change: { text: string; onCancel(): void } | undefined
  onChange(form: Form): void
  onLeave(field: keyof TermsErrors): void
  onStart(): void
}) {
  const services = useNode(
    ({ capabilities }) => TYPES.filter((type) => form[type] && capabilities[type].available).length,
  )
  const place = useRef<HTMLFormElement>(null)
  const isChange = change !== undefined
  useEffect(() => {
    if (isChange) place.current?.querySelector('h2')?.focus()
  }, [isChange])
  useEffect(() => {
    if (refused > 0) place.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [refused])
  const problem = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (error) problem.current?.scrollIntoView({ block: 'center' })
  }, [error])
  const set = (part: Partial<Form>) => onChange({ ...form, ...part })
  const price = readAmount(form.price)
  const offered = lessOffered(form, services)
  const example = price !== undefined && price > 0n && price <= MOST_PRICE ? formatAmount(price * 10n) : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!busy && !why) onStart()
  }
  const leave = ({ target }: FocusEvent<HTMLElement>) => {
    if (target instanceof HTMLInputElement && isField(target.name)) onLeave(target.name)
  }
  const whyId = useId()
  return (
    <form className="card card-pad terms" onSubmit={submit} onBlur={leave} ref={place}>
      <h2 tabIndex={-1}>{change ? m.share.changeTerms : m.share.termsTitle}</h2>
      {change && <p className="muted">{change.text}</p>}
      <fieldset className="terms-services">
        <legend className="field-label">{m.share.services}</legend>
        <Service type="openvpn" label={m.service.openvpnLong} form={form} onChange={set} />
        <Service type="socks" label={m.service.socksLong} form={form} onChange={set} />
        {errors.services && <span className="field-error">{errors.services}</span>}
      </fieldset>
      <div className="terms-grid">
        <Field
          label={m.share.price}
          suffix={form.unit === 'GiB' ? m.share.pricePerGib : m.share.pricePerHour}
          error={errors.price}
          hint={
            price === 0n
              ? m.share.freeForAll
              : example && (form.unit === 'GiB' ? m.share.perPerson(example) : m.share.perPersonHour(example))
          }
        >
          {(control) => (
            <input
              {...control}
              name="price"
              inputMode="decimal"
              value={form.price}
              maxLength={30}
              onChange={(event) => set({ price: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field label={m.share.unit}>
          {(control) => <UnitSelect control={control} value={form.unit} onChange={(unit) => set({ unit })} />}
        </Field>
        <Field label={m.share.country} error={errors.country} hint={m.share.countryHint}>
          {(control) => (
            <CountrySelect
              control={control}
              none={m.share.chooseCountry}
              value={form.country}
              onChange={(country) => set({ country })}
            />
          )}
        </Field>
        <Field
          label={m.share.bandwidth}
          suffix={m.share.mbps}
          error={errors.bandwidth}
          hint={offered === undefined ? undefined : m.share.offered(formatBandwidth(offered))}
        >
          {(control) => (
            <input
              {...control}
              name="bandwidth"
              inputMode="decimal"
              value={form.bandwidth}
              maxLength={12}
              onChange={(event) => set({ bandwidth: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field label={m.share.maxSessions} error={errors.maxSessions}>
          {(control) => (
            <input
              {...control}
              name="maxSessions"
              inputMode="numeric"
              value={form.maxSessions}
              maxLength={12}
              onChange={(event) => set({ maxSessions: event.target.value.trim() })}
            />
          )}
        </Field>
      </div>
      <Limits form={form} errors={errors} onChange={set} />
      <div>
        <label className="check">
          <input
            type="checkbox"
            checked={form.understood}
            onChange={(event) => set({ understood: event.target.checked })}
          />
          <span>{m.share.understand}</span>
        </label>
        {errors.understood && <span className="field-error">{errors.understood}</span>}
      </div>
      {!why && services > 0 && <AnnounceFees services={services} />}
      <div ref={problem} hidden={!error}>
        <ErrorNotice error={error} />
      </div>
      <div className="terms-actions">
        <Button
          type="submit"
          kind="primary"
          size="large"
          disabled={why !== undefined}
          aria-describedby={why && whyId}
          busy={busy && m.share.states.starting}
        >
          {change ? m.share.shareAnew : m.share.start}
        </Button>
        {change && (
          <Button size="large" onClick={change.onCancel} disabled={busy}>
            {m.share.keepTerms}
          </Button>
        )}
        {why && (
          <span id={whyId} className="field-hint terms-why">
            {why}
          </span>
        )}
      </div>
    </form>
  )
}

/** What is typed, and so can be wrong before anything is started. */
const TYPED = ['price', 'bandwidth', 'maxSessions', 'hours', 'monthlyGib', 'totalBandwidth', 'connections'] as const
const isField = (name: string): name is (typeof TYPED)[number] => TYPED.some((one) => one === name)

function Service({
  type,
  label,
  form,
  onChange,
}: {
  type: ServiceTypeName
  label: string
  form: Form
  onChange(part: Partial<Form>): void
}) {
  const capability = useNode((state) => state.capabilities[type])
  const note = useId()
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={form[type] && capability.available}
        disabled={!capability.available}
        aria-describedby={capability.available ? undefined : note}
        onChange={(event) => onChange({ [type]: event.target.checked })}
      />
      <span className={capability.available ? '' : 'faint'}>
        {label}
        {!capability.available && (
          <span id={note} className="terms-note field-hint">
            {capability.message ? said(capability.message) : m.confirm.unavailable(m.service[type])}
          </span>
        )}
      </span>
    </label>
  )
}
