import type { BrowserWindow, WebContents } from 'electron'
import type { Logger } from '../node/lib/logger.ts'
import { APP_URL } from './page.ts'

/** The app's one window, made when it is first wanted, and made anew when its renderer crashed. */
export type MainWindow = {
  /** Brings it to the front; with `hash`, at that screen. */
  open(hash?: string): void
  isOurs(contents: WebContents): boolean
  /** Somebody looks at it. */
  isWatched(): boolean
  /** From now on closing it means that. */
  quit(): void
}

/** A page that crashes as it starts would crash for ever. */
const MOST_CRASHES = 3
const WITHIN_MS = 60_000

export function createMainWindow(deps: {
  make(options: { hash?: string; visible: boolean }): BrowserWindow
  /** It crashed again and again, and is not made anew before it is asked for. */
  onCrashLoop(): void
  log: Logger
  now?: () => number
}): MainWindow {
  const { log, now = Date.now } = deps
  let window: BrowserWindow | undefined
  let quitting = false
  let crashes: number[] = []

  function make(options: { hash?: string; visible: boolean }): void {
    const made = deps.make(options)
    window = made
    // Closing puts the app into the tray: a connection or a customer's session does not end by accident.
    made.on('close', (event) => {
      if (quitting) return
      event.preventDefault()
      made.hide()
    })
    // Node and tunnel live in the main process and its helper; they do not notice.
    made.webContents.on('render-process-gone', (_event, { reason }) => {
      log.warn(`the window's renderer ended: ${reason}`)
      const visible = made.isVisible()
      window = undefined
      made.destroy()
      if (quitting) return
      crashes = [...crashes.filter((at) => at > now() - WITHIN_MS), now()]
      if (crashes.length < MOST_CRASHES) return make({ visible })
      crashes = []
      deps.onCrashLoop()
    })
  }

  return {
    open(hash) {
      if (!window || window.isDestroyed()) return make({ ...(hash !== undefined && { hash }), visible: true })
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
      if (hash !== undefined) void window.loadURL(APP_URL + hash)
    },
    isOurs: (contents) => contents === window?.webContents,
    isWatched: () => window !== undefined && !window.isDestroyed() && window.isVisible() && window.isFocused(),
    quit() {
      quitting = true
    },
  }
}
