import type { Amount as BaseUnits } from '#shared/model/units.ts'
import { exactAmount, formatAmount } from '../messages/format.ts'

/** Money, short to read; every digit on hover. `sign`: which way it went, where it is enough to speak of. */
export function Amount({ value, sign }: { value: BaseUnits; sign?: '+' | '−' }) {
  const text = formatAmount(value)
  return (
    <span className="numbers" title={exactAmount(value)}>
      {sign && value > 0n && !text.startsWith('<') ? sign + text : text}
    </span>
  )
}
