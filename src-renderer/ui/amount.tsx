import type { Amount as BaseUnits } from '#shared/model/units.ts'
import { exactAmount, formatAmount } from '../messages/format.ts'

/** Money, short to read; every digit on hover. */
export function Amount({ value }: { value: BaseUnits }) {
  return (
    <span className="numbers" title={exactAmount(value)}>
      {formatAmount(value)}
    </span>
  )
}
