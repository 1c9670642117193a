import { geoCentroid, geoNaturalEarth1, geoPath } from 'd3-geo'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import type { Plugin } from 'vite'
import world from 'world-atlas/countries-110m.json' with { type: 'json' }
import { alpha2OfNumber } from '../../messages/alpha2.ts'

/** In the map's own units, from 0 to `width` and `height`. */
export type DrawnWorld = {
  width: number
  height: number
  /** `extent`: the longer side of the box around it. */
  shapes: { key: string; code?: string; path: string; centre: [number, number]; extent: number }[]
  /** Places too small for a shape. */
  dots: Record<string, [number, number]>
}

const WIDTH = 800
const HEIGHT = 400
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

/** `virtual:world`: drawn while the page is built, because projecting the coasts takes a tenth of a second. */
export function worldPlugin(): Plugin {
  const id = 'virtual:world'
  return {
    name: 'world',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(resolved) {
      if (resolved !== `\0${id}`) return undefined
      return Object.entries(drawWorld())
        .map(([name, value]) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))})`)
        .join('\n')
    },
  }
}

function drawWorld(): DrawnWorld {
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
  const project = (place: [number, number]) => (projection(place) ?? [0, 0]).map(tenths) as [number, number]
  return {
    width: WIDTH,
    height: HEIGHT,
    shapes: features.map((one, index) => {
      const code = alpha2OfNumber(String(one.id ?? ''))
      const [[left, top], [right, bottom]] = path.bounds(one)
      return {
        extent: tenths(Math.max(right - left, bottom - top)),
        key: `${one.id ?? 'x'}-${index}`,
        ...(code && { code }),
        path: path(one) ?? '',
        centre: project((code && CENTRES[code]) || geoCentroid(one)),
      }
    }),
    dots: Object.fromEntries(Object.entries(SMALL_PLACES).map(([code, place]) => [code, project(place)])),
  }
}

const tenths = (value: number) => Math.round(value * 10) / 10
