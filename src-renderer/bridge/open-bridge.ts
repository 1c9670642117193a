import type { Bridge } from './bridge.ts'
import { createElectronBridge, type PreloadDoor } from './electron-bridge.ts'
import { createHttpBridge, signIn } from './http-bridge.ts'

declare global {
  interface Window {
    readonly myst?: PreloadDoor
  }
}

/** Finds the door this page stands at; in a browser it signs in first with the token in the address. */
export async function openBridge(): Promise<Bridge> {
  if (window.myst) return createElectronBridge(window.myst)
  const fetchHere: typeof fetch = (input, init) => window.fetch(input, init)
  const token = tokenInAddress()
  // A new address typed over the old one changes only what is behind its #, and the page would stay as it is.
  window.addEventListener('hashchange', () => tokenInAddress() && location.reload())
  if (token) {
    // Out of the address bar and the history before anything else, so that nobody reads or shares it.
    history.replaceState(null, '', location.pathname)
    await signIn({ fetch: fetchHere }, token)
  }
  return createHttpBridge({
    fetch: fetchHere,
    openSocket: (path) => new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`),
    setTimeout: (run, ms) => window.setTimeout(run, ms),
    clearTimeout: (timer) => window.clearTimeout(timer),
    random: Math.random,
  })
}

function tokenInAddress(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get('token')
}
