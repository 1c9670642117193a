import type { Bridge } from './bridge.ts'
import { createElectronBridge, type PreloadDoor } from './electron-bridge.ts'
import { createHttpBridge, signIn } from './http-bridge.ts'

declare global {
  interface Window {
    readonly myst?: PreloadDoor
  }
}

/** Belongs to this address and port alone, and is worth nothing once the node ended. */
const SECRET_KEY = 'myst.secret'
/** The node hears of a busy person no more often. */
const ACTIVE_MS = 30_000

/** Finds the door this page stands at; in a browser it signs in first with the token in the address. */
export async function openBridge(): Promise<Bridge> {
  const timers = {
    setTimeout: (run: () => void, ms: number) => window.setTimeout(run, ms),
    clearTimeout: (timer: number) => window.clearTimeout(timer),
  }
  if (window.myst) return createElectronBridge(window.myst, timers)
  const fetchHere: typeof fetch = (input, init) => window.fetch(input, init)
  const token = tokenInAddress()
  // A new address typed over the old one changes only what is behind its #, and the page would stay as it is.
  window.addEventListener('hashchange', () => tokenInAddress() && location.reload())
  if (token) {
    // Out of the address bar and the history before anything else, so that nobody reads or shares it.
    history.replaceState(null, '', location.pathname)
    const secret = await signIn({ fetch: fetchHere }, token)
    if (secret !== undefined) localStorage.setItem(SECRET_KEY, secret)
  }
  const bridge = createHttpBridge(
    {
      ...timers,
      fetch: fetchHere,
      openSocket: (path, protocols) =>
        new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`, protocols),
      random: Math.random,
      origin: location.origin,
    },
    localStorage.getItem(SECRET_KEY) ?? undefined,
  )
  tellOfPerson(bridge.active)
  return bridge
}

/** Calls when somebody is at the page: at once, and then at most every `ACTIVE_MS`. */
function tellOfPerson(active: () => void): void {
  let toldAtMs = Number.NEGATIVE_INFINITY
  const notice = () => {
    if (performance.now() - toldAtMs < ACTIVE_MS) return
    toldAtMs = performance.now()
    active()
  }
  for (const act of ['pointerdown', 'keydown', 'wheel']) {
    window.addEventListener(act, notice, { capture: true, passive: true })
  }
}

function tokenInAddress(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get('token')
}
