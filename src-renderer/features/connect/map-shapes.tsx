import { height, dots as places, shapes, width } from 'virtual:world'
import { memo } from 'react'

const byCode = new Map(shapes.map((shape) => [shape.code, shape]))
/** A code is whatever a stranger wrote: in an object it could name what every object has. */
const small = new Map(Object.entries(places))

/** How much of the map is shown around a place; of a small country less, so that it can be seen. */
const MOST = 190
const LEAST = 70

/** A window of the map with a place in its middle; the map's edge may come into it, its country never leaves it. */
function around([x, y]: [number, number], size: number): string {
  return `${x - size / 2} ${y - size / 2} ${size} ${size}`
}

type MapShapesProps = {
  counts: ReadonlyMap<string, number>
  chosen: string
  focus: string | undefined
  onHover(country: string | undefined): void
  onChoose(country: string): void
}

export default memo(function MapShapes({ counts, chosen, focus, onHover, onChoose }: MapShapesProps) {
  const dots = [...new Set([...counts.keys(), ...(focus ? [focus] : [])])].flatMap((code) => {
    const at = byCode.has(code) ? undefined : small.get(code)
    return at ? [{ code, at }] : []
  })
  const marker = focus && (byCode.get(focus)?.centre ?? dots.find(({ code }) => code === focus)?.at)
  const size = Math.min(MOST, Math.max(LEAST, 4 * (byCode.get(focus ?? '')?.extent ?? 0)))
  const state = (code: string | undefined) => ({
    className: 'country',
    'data-offers': code !== undefined && counts.has(code),
    'data-chosen': code !== undefined && code === chosen,
    'data-focus': code !== undefined && code === focus,
    ...(code !== undefined &&
      counts.has(code) && {
        onMouseEnter: () => onHover(code),
        onMouseLeave: () => onHover(undefined),
        onClick: () => onChoose(code),
      }),
  })
  return (
    <svg
      viewBox={marker ? around(marker, size) : `0 0 ${width} ${height}`}
      preserveAspectRatio={marker ? 'xMidYMid slice' : 'xMidYMid meet'}
      aria-hidden
      focusable="false"
    >
      {shapes.map(({ key, code, path }) => (
        <path key={key} d={path} {...state(code)} />
      ))}
      {dots.map(({ code, at: [x, y] }) => (
        <circle key={code} cx={x} cy={y} r={marker ? (4 * size) / MOST : 4} {...state(code)} />
      ))}
      {marker && (
        <g className="marker" transform={`translate(${marker[0]} ${marker[1]}) scale(${size / MOST})`}>
          <circle r={9} className="marker-halo" />
          <circle r={3.2} className="marker-dot" />
        </g>
      )}
    </svg>
  )
})
