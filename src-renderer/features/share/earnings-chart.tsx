import { useMemo } from 'react'
import UPlot from 'uplot'
import type { DayOfEarnings } from '#shared/contract/answers.ts'
import { MYST } from '#shared/model/units.ts'
import { formatAmount, formatDay } from '../../messages/format.ts'
import { Plot } from '../../ui/plot.tsx'
import { noonOf } from './days.ts'

const HEIGHT = 168
const MILLIONTH = MYST / 1_000_000n
/** The scale never goes below a thousandth of a MYST. */
const LEAST_TOP = 1_000

/** Two bars a day: earned, and cleared. */
export default function EarningsChart({ days }: { days: readonly DayOfEarnings[] }) {
  const data = useMemo(() => toData(days), [days])
  const last = days.length - 1
  return (
    <Plot
      // The axis has other days.
      key={days.length}
      height={HEIGHT}
      data={data}
      options={({ colour, text }) => {
        const bars = (token: string, align: 1 | -1) => ({
          fill: colour(token),
          width: 0,
          points: { show: false },
          ...(UPlot.paths.bars && { paths: UPlot.paths.bars({ size: [0.36, 14], align }) }),
        })
        return {
          padding: [8, 40, 0, 0],
          scales: {
            x: { time: false, range: () => [-0.6, last + 0.6] },
            y: { range: (_plot, _low, high) => [0, Math.max(LEAST_TOP, (high ?? 0) * 1.15)] },
          },
          axes: [
            {
              ...text,
              grid: { show: false },
              size: 26,
              splits: () => [0, Math.floor(last / 2), last],
              values: (_plot, splits) => splits.map((index) => formatDay(noonOf(days[index]?.day ?? ''))),
            },
            {
              ...text,
              grid: { stroke: colour('--line'), width: 1 },
              size: 84,
              space: 44,
              values: (_plot, splits) => splits.map((units) => formatAmount(BigInt(Math.round(units)) * MILLIONTH)),
            },
          ],
          series: [{}, bars('--accent', -1), bars('--green-fill', 1)],
        }
      }}
    />
  )
}

/** Canvas counts in floating point: millionths of a MYST are as exact as a bar can be. */
function toData(days: readonly DayOfEarnings[]): [number[], number[], number[]] {
  const millionths = (amount: bigint) => Number(amount / MILLIONTH)
  return [
    days.map((_, index) => index),
    days.map(({ earned }) => millionths(earned)),
    days.map(({ cleared }) => millionths(cleared)),
  ]
}
