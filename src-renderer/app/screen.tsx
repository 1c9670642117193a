import { type ReactNode, useEffect, useState } from 'react'
import { Connect } from '../features/connect/connect.tsx'
import { Unlock } from '../features/unlock/unlock.tsx'
import type { Route } from '../store/route.ts'

type OtherScreens = typeof import('./other-screens.ts')

let asked: Promise<OtherScreens> | undefined
let loaded: OtherScreens | undefined

/** All screens but those that a start may show come after it: they are half of the page's own script. */
export function loadOtherScreens(): Promise<OtherScreens> {
  asked ??= import('./other-screens.ts').then(
    (screens) => {
      loaded = screens
      return screens
    },
    (error: unknown) => {
      // The node may be back the next time.
      asked = undefined
      throw error
    },
  )
  return asked
}

/** What a route shows; `waiting` for the moment in which the browser reads it. */
export function Screen({ route, waiting }: { route: Route; waiting: ReactNode }) {
  if (route === 'connect') return <Connect />
  if (route === 'unlock') return <Unlock />
  return <OtherScreen name={route} waiting={waiting} />
}

function OtherScreen({ name, waiting }: { name: keyof OtherScreens; waiting: ReactNode }) {
  const [screens, setScreens] = useState(loaded)
  const [fault, setFault] = useState<{ error: unknown }>()
  useEffect(() => {
    if (!screens) loadOtherScreens().then(setScreens, (error: unknown) => setFault({ error }))
  }, [screens])
  // Not to be had, as after an update of the node: loading the page again helps, and `ErrorBoundary` says so.
  if (fault) throw fault.error
  if (!screens) return waiting
  const Shown = screens[name]
  return <Shown />
}
