import { useMemo, useSyncExternalStore } from 'react'
import type { IdentityId } from '#shared/model/identity.ts'

export const ROUTES = ['setup', 'unlock', 'connect', 'share', 'wallet', 'activity', 'settings'] as const
export type Route = (typeof ROUTES)[number]

/** The screen named in the address (`#/wallet`), or none yet. */
export function readRoute(hash: string): Route | undefined {
  return readOffer(hash) ? 'connect' : ROUTES.find((route) => hash === `#/${route}`)
}

/** The offer that a link leads to (`#/connect/PROVIDER/SERIAL`). */
export function readOffer(hash: string): { provider: IdentityId; serial: number } | undefined {
  const [, provider, serial] = /^#\/connect\/(0x[0-9a-f]{40})\/(\d{1,15})$/.exec(hash) ?? []
  return provider && serial ? { provider: provider as IdentityId, serial: Number(serial) } : undefined
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

export function useLinkedOffer(): ReturnType<typeof readOffer> {
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  return useMemo(() => readOffer(hash), [hash])
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}
