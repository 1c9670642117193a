import { BrowserWindow } from 'electron'
import { APP_URL } from './page.ts'
import { t } from './texts.ts'

/** A window runs strangers' data through a browser engine, so it gets nothing else. `hash` names a screen. */
export function openWindow(preload: string, { hash = '', visible = true } = {}): BrowserWindow {
  const window = new BrowserWindow({
    title: t.app,
    width: 1180,
    height: 780,
    // The page's narrowest layout.
    minWidth: 420,
    minHeight: 640,
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  })
  if (visible) window.once('ready-to-show', () => window.show())
  void window.loadURL(APP_URL + hash)
  return window
}
