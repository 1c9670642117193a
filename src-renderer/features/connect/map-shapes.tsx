import { geoCentroid, geoNaturalEarth1, geoPath } from 'd3-geo'
import { memo } from 'react'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import world from 'world-atlas/countries-110m.json'
import { alpha2OfNumber } from '../../messages/countries.ts'

type Shape = { key: string; code: string | undefined; path: string; centre: [number, number] }

export const WIDTH = 800
export const HEIGHT = 400
const ANTARCTICA = '010'

/** Places too small for the 1:110 million map, as longitude and latitude. */
const SMALL_PLACES: Record<string, [number, number]> = {
  AD: [1.6, 42.5],
  BB: [-59.5, 13.2],
  BH: [50.6, 26],
  BM: [-64.8, 32.3],
  CV: [-23.6, 15.1],
  GI: [-5.4, 36.1],
  HK: [114.2, 22.3],
  IM: [-4.5, 54.2],
  JE: [-2.1, 49.2],
  KY: [-81.2, 19.3],
  LI: [9.5, 47.2],
  MC: [7.4, 43.7],
  MO: [113.5, 22.2],
  MT: [14.4, 35.9],
  MU: [57.6, -20.3],
  MV: [73.5, 4.2],
  RE: [55.5, -21.1],
  SC: [55.5, -4.7],
  SG: [103.8, 1.35],
  SM: [12.5, 43.9],
}

/** The weight of the largest part decides where a marker goes: France's is not in the Atlantic. */
const CENTRES: Record<string, [number, number]> = { FR: [2.4, 46.6], US: [-98.5, 39.5], NO: [9, 61.5], NL: [5.4, 52.2] }

function build(): { shapes: Shape[]; project(place: [number, number]): [number, number] } {
  const topology = world as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>
  const all = feature(topology, topology.objects.countries)
  const features = all.features.filter(({ id }) => id !== ANTARCTICA)
  const projection = geoNaturalEarth1().fitExtent(
    [
      [6, 6],
      [WIDTH - 6, HEIGHT - 6],
    ],
    { type: 'FeatureCollection', features },
  )
  const path = geoPath(projection).digits(1)
  const project = (place: [number, number]): [number, number] => projection(place) ?? [0, 0]
  const shapes = features.map((one, index): Shape => {
    const code = alpha2OfNumber(String(one.id ?? ''))
    const centre = project((code && CENTRES[code]) || geoCentroid(one))
    return { key: `${one.id ?? 'x'}-${index}`, code, path: path(one) ?? '', centre }
  })
  return { shapes, project }
}

const { shapes, project } = build()
const byCode = new Map(shapes.map((shape) => [shape.code, shape]))

/** A window of the map with a place in its middle; the map's edge may come into it, its country never leaves it. */
function around([x, y]: [number, number]): string {
  const size = 190
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
    const place = byCode.has(code) ? undefined : SMALL_PLACES[code]
    return place ? [{ code, at: project(place) }] : []
  })
  const marker = focus && (byCode.get(focus)?.centre ?? dots.find(({ code }) => code === focus)?.at)
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
      viewBox={marker ? around(marker) : `0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio={marker ? 'xMidYMid slice' : 'xMidYMid meet'}
      aria-hidden
      focusable="false"
    >
      {shapes.map(({ key, code, path }) => (
        <path key={key} d={path} {...state(code)} />
      ))}
      {dots.map(({ code, at: [x, y] }) => (
        <circle key={code} cx={x} cy={y} r={4} {...state(code)} />
      ))}
      {marker && (
        <g className="marker" transform={`translate(${marker[0]} ${marker[1]})`}>
          <circle r={9} className="marker-halo" />
          <circle r={3.2} className="marker-dot" />
        </g>
      )}
    </svg>
  )
})
