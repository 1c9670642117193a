import type { ComponentProps } from 'react'
import type { MeteringUnit } from '#shared/model/proposal.ts'
import { allCountries } from '../messages/countries.ts'
import { m } from '../messages/index.ts'

/** What a `Field` gives its control. */
type Control = Omit<ComponentProps<'select'>, 'value' | 'onChange' | 'children'>

/** Every country by name, and before them the words for none. */
export function CountrySelect(props: { control: Control; none: string; value: string; onChange(code: string): void }) {
  const { control, none, value, onChange } = props
  return (
    <select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{none}</option>
      {allCountries().map(({ code, name }) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** What a price is for. */
export function UnitSelect(props: { control: Control; value: MeteringUnit; onChange(unit: MeteringUnit): void }) {
  const { control, value, onChange } = props
  return (
    <select {...control} value={value} onChange={(event) => onChange(event.target.value === 'hour' ? 'hour' : 'GiB')}>
      <option value="GiB">{m.share.gib}</option>
      <option value="hour">{m.share.hour}</option>
    </select>
  )
}
