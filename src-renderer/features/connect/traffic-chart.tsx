import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { formatRateTick } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { HISTORY_MS, type TrafficSample } from '../../store/traffic-history.ts'

const HEIGHT = 168
/** The scale never goes below this, so that background noise does not look like a storm. */
const LEAST_TOP_BPS = 1e6

/** Canvas, so it takes its colours from the tokens and draws itself again when the theme changes. */
export default function TrafficChart({ samples }: { samples: readonly TrafficSample[] }) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const latest = useRef(samples)
  latest.current = samples

  useEffect(() => {
    const element = box.current
    if (!element) return
    const draw = () => {
      plot.current?.destroy()
      plot.current = new UPlot(options(element), toData(latest.current), element)
    }
    draw()
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', draw)
    return () => {
      dark.removeEventListener('change', draw)
      resized.disconnect()
      plot.current?.destroy()
    }
  }, [])

  useEffect(() => {
    plot.current?.setData(toData(samples))
  }, [samples])

  return <div ref={box} style={{ height: HEIGHT }} />
}

/** Time as seconds before the newest sample: the right edge is always now. */
function toData(samples: readonly TrafficSample[]): UPlot.AlignedData {
  const last = samples.at(-1)?.atMs ?? 0
  return [samples.map(({ atMs }) => (atMs - last) / 1000), samples.map(({ down }) => down), samples.map(({ up }) => up)]
}

function options(element: HTMLElement): UPlot.Options {
  // A canvas knows no `light-dark()`: an element that wears the token turns it into a plain colour.
  const colour = (token: string): string => {
    const probe = element.appendChild(document.createElement('span'))
    probe.style.color = `var(${token})`
    const plain = getComputedStyle(probe).color
    probe.remove()
    return plain
  }
  const font = `11px ${getComputedStyle(element).fontFamily}`
  const axis = { stroke: colour('--text-3'), font, ticks: { show: false } }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 18, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: false, range: () => [-HISTORY_MS / 1000, 0] },
      y: { range: (_plot, _low, high) => [0, Math.max(LEAST_TOP_BPS, (high ?? 0) * 1.15)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        splits: () => [-120, -60, 0],
        values: (_plot, splits) =>
          splits.map((at) =>
            at === 0 ? m.live.chartNow : at === -60 ? m.live.chartOneMinute : m.live.chartTwoMinutes,
          ),
      },
      {
        ...axis,
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
  }
}
