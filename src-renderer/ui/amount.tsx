import type { Amount as BaseUnits } from '#shared/model/units.ts'
import { exactAmount, formatAmount, formatCost } from '../messages/format.ts'

/**
 * Money, short to read; every digit on hover. `sign`: which way it went, where it is enough to speak of. `isCost`: was
 * taken, so that it is rounded up.
 */
export function Amount({ value, sign, isCost }: { value: BaseUnits; sign?: '+' | '−'; isCost?: boolean }) {
  const text = isCost ? formatCost(value) : formatAmount(value)
  return (
    <span className="numbers" title={exactAmount(value)}>
      {sign && value > 0n && !text.startsWith('<') ? sign + text : text}
    </span>
  )
}
