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
          y: { range: (_plot, _low, high) => [0, Math.max(LEAST_TOP_BPS, (high ?? 0) * 1.15)] },
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
            space: 44,
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

/** Time as seconds before the newest sample: the right edge is always now. */
function toData(samples: readonly TrafficSample[]): [number[], number[], number[]] {
  const last = samples.at(-1)?.atMs ?? 0
  return [samples.map(({ atMs }) => (atMs - last) / 1000), samples.map(({ down }) => down), samples.map(({ up }) => up)]
}
