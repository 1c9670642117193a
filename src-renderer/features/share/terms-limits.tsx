import { formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { Field } from '../../ui/field.tsx'
import { type TermsForm as Form, type TermsErrors, USUAL_CONNECTIONS } from './terms.ts'

/** All of them may stay empty. */
export function Limits({
  form,
  errors,
  onChange,
}: {
  form: Form
  errors: TermsErrors
  onChange(part: Partial<Form>): void
}) {
  return (
    <fieldset className="terms-services">
      <legend className="field-label">{m.share.limits}</legend>
      <div className="terms-grid">
        <Field label={m.share.hours} error={errors.hours} hint={m.share.hoursHint}>
          {(control) => (
            <input
              {...control}
              name="hours"
              value={form.hours}
              placeholder="08:00-23:00"
              maxLength={13}
              onChange={(event) => onChange({ hours: dashed(event.target.value) })}
            />
          )}
        </Field>
        <Field
          label={m.share.monthly}
          suffix={m.share.gibPerMonth}
          error={errors.monthlyGib}
          hint={m.share.monthlyHint}
        >
          {(control) => (
            <input
              {...control}
              name="monthlyGib"
              inputMode="decimal"
              value={form.monthlyGib}
              placeholder={m.share.noLimit}
              maxLength={12}
              onChange={(event) => onChange({ monthlyGib: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field
          label={m.share.totalBandwidth}
          suffix={m.share.mbps}
          error={errors.totalBandwidth}
          hint={form.openvpn && form.socks ? m.share.totalHalves : undefined}
        >
          {(control) => (
            <input
              {...control}
              name="totalBandwidth"
              inputMode="decimal"
              value={form.totalBandwidth}
              placeholder={m.share.noLimit}
              maxLength={12}
              onChange={(event) => onChange({ totalBandwidth: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field label={m.share.connections} suffix={m.share.atOnce} error={errors.connections}>
          {(control) => (
            <input
              {...control}
              name="connections"
              inputMode="numeric"
              value={form.connections}
              placeholder={formatCount(USUAL_CONNECTIONS)}
              maxLength={12}
              onChange={(event) => onChange({ connections: event.target.value.trim() })}
            />
          )}
        </Field>
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={form.allowMail}
          onChange={(event) => onChange({ allowMail: event.target.checked })}
        />
        <span>
          {m.share.allowMail}
          <span className="terms-note field-hint">{m.share.allowMailHint}</span>
        </span>
      </label>
    </fieldset>
  )
}

/** Without spaces, and with what some keyboards make of a dash. */
const dashed = (text: string) => text.replace(/\s+/g, '').replace(/[–—]/g, '-')
