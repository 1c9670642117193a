import { lazy, Suspense } from 'react'

const FlagImage = lazy(() => import('./flag-image.tsx'))

/** The country's name always stands beside it, so the flag itself is silent. */
export function Flag({ country }: { country: string }) {
  return (
    <span className="flag" aria-hidden>
      <Suspense>
        <FlagImage country={country} />
      </Suspense>
    </span>
  )
}
