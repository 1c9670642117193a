import { useSyncExternalStore } from 'react'

export const ROUTES = ['setup', 'unlock', 'connect', 'share', 'wallet', 'activity', 'settings'] as const
export type Route = (typeof ROUTES)[number]

/** The screen named in the address (`#/wallet`), or none yet. */
export function readRoute(hash: string): Route | undefined {
  return ROUTES.find((route) => hash === `#/${route}`)
}

export function navigate(route: Route): void {
  if (readRoute(location.hash) !== route) location.hash = `#/${route}`
}

/** Without a new entry in the history: for a screen that was chosen for the person. */
export function redirect(route: Route): void {
  location.replace(`#/${route}`)
}

export function useRoute(): Route | undefined {
  return useSyncExternalStore(subscribe, () => readRoute(location.hash))
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}
