import { useMemo } from 'react'
import { formatRateTick } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { HISTORY_MS, type TrafficSample } from '../../store/traffic-history.ts'
import { Plot } from '../../ui/plot.tsx'

const HEIGHT = 168
/** The scale never goes below this, so that background noise does not look like a storm. */
const LEAST_TOP_BPS = 1e6

export default function TrafficChart({ samples }: { samples: readonly TrafficSample[] }) {
  const data = useMemo(() => toData(samples), [samples])
  return (
    <Plot
      height={HEIGHT}
      data={data}
      options={({ colour, text }) => ({
        padding: [8, 18, 0, 0],
        scales: {
          x: { time: false, range: () => [-HISTORY_MS / 1000, 0] },
          y: { range: (_plot, _low, high) => [0, topAbove(high ?? 0)] },
        },
        axes: [
          {
            ...text,
            grid: { show: false },
            size: 26,
            splits: () => [-120, -60, 0],
            values: (_plot, splits) =>
              splits.map((at) =>
                at === 0 ? m.live.chartNow : at === -60 ? m.live.chartOneMinute : m.live.chartTwoMinutes,
              ),
          },
          {
            ...text,
            grid: { stroke: colour('--line'), width: 1 },
            size: 76,
            splits: (_plot, _axis, _low, top) => [0, top / 2, top],
            values: (_plot, splits) => splits.map((bps) => formatRateTick(bps)),
          },
        ],
        series: [
          {},
          { stroke: colour('--accent-text'), fill: colour('--chart-fill'), width: 2, points: { show: false } },
          { stroke: colour('--neutral'), width: 1.5, dash: [4, 3], points: { show: false } },
        ],
      })}
    />
  )
}

/** A round number at or above, whose half is one too, so that the scale says how high its top is. */
function topAbove(bps: number): number {
  if (bps <= LEAST_TOP_BPS) return LEAST_TOP_BPS
  const unit = 10 ** Math.floor(Math.log10(bps))
  return unit * ([1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8].find((steps) => steps * unit >= bps) ?? 10)
}

/** Time as seconds before the newest sample: the right edge is always now. */
function toData(samples: readonly TrafficSample[]): [number[], number[], number[]] {
  const last = samples.at(-1)?.atMs ?? 0
  return [samples.map(({ atMs }) => (atMs - last) / 1000), samples.map(({ down }) => down), samples.map(({ up }) => up)]
}
