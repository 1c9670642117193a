import { memo, Suspense, useState } from 'react'
import { countryName } from '../../messages/countries.ts'
import { counted, formatList } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useLanguage } from '../../store/node-context.tsx'
import type { KnownConnection } from '../../store/use-connection.ts'
import { Flag } from '../../ui/flag.tsx'
import { lazyPicture } from '../../ui/lazy-picture.ts'

const MapShapes = lazyPicture(() => import('./map-shapes.tsx'))

/**
 * A picture of where offers are. Choosing a country here is a shortcut for the filter of the same name. It stays as it
 * is while the figures beside it move.
 */
export const WorldMap = memo(function WorldMap({
  counts,
  chosen,
  focus,
  connection,
  onChoose,
}: {
  counts: ReadonlyMap<string, number>
  chosen: string
  focus: string | undefined
  connection: KnownConnection['name']
  onChoose(country: string): void
}) {
  useLanguage() // Another one changes the words, and nothing that it is given.
  const [hovered, setHovered] = useState<string>()
  const list = formatList([...counts.keys()].map(countryName))
  const named = hovered ?? (connection === 'disconnected' ? chosen : '')
  return (
    <div className="map" data-connection={connection}>
      <div className="map-picture" role="img" aria-label={counts.size > 0 ? m.connect.map(list) : m.connect.mapNone}>
        <Suspense>
          <MapShapes counts={counts} chosen={chosen} focus={focus} onHover={setHovered} onChoose={onChoose} />
        </Suspense>
      </div>
      {named && (
        <p className="map-caption" aria-hidden>
          <Flag country={named} />
          {m.connect.mapCountry(countryName(named), counted(counts.get(named) ?? 0))}
        </p>
      )}
    </div>
  )
})
