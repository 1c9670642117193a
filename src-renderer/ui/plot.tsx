import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'

type Look = {
  /** What a token of `tokens.css` is now. */
  colour(token: string): string
  /** For the axes. */
  text: { stroke: string; font: string; ticks: { show: false } }
}

/** Canvas, so it takes its colours from the tokens and draws itself again when the theme changes. As wide as its place. */
export function Plot({
  height,
  data,
  options,
}: {
  height: number
  data: UPlot.AlignedData
  /** Asked whenever everything is drawn anew. */
  options: (look: Look) => Omit<UPlot.Options, 'width' | 'height' | 'cursor' | 'legend'>
}) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const latest = useRef({ data, options })
  latest.current = { data, options }

  useEffect(() => {
    const element = box.current
    if (!element) return
    const draw = () => {
      plot.current?.destroy()
      const { data, options } = latest.current
      const fixed = { width: element.clientWidth, height, cursor: { show: false }, legend: { show: false } }
      plot.current = new UPlot({ ...options(lookOf(element)), ...fixed }, data, element)
    }
    draw()
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', draw)
    return () => {
      dark.removeEventListener('change', draw)
      resized.disconnect()
      plot.current?.destroy()
    }
  }, [height])

  useEffect(() => {
    plot.current?.setData(data)
  }, [data])

  return <div ref={box} style={{ height }} />
}

function lookOf(element: HTMLElement): Look {
  // A canvas knows no `light-dark()`: an element that wears the token turns it into a plain colour.
  const colour = (token: string): string => {
    const probe = element.appendChild(document.createElement('span'))
    probe.style.color = `var(${token})`
    const plain = getComputedStyle(probe).color
    probe.remove()
    return plain
  }
  const font = `11px ${getComputedStyle(element).fontFamily}`
  return { colour, text: { stroke: colour('--text-3'), font, ticks: { show: false } } }
}
