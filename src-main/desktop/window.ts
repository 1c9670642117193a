import { BrowserWindow } from 'electron'
import { APP_URL } from './page.ts'

/** The app's one window. It runs strangers' data through a browser engine, so it gets nothing else. */
export function openWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    title: 'Mysterium',
    width: 1180,
    height: 780,
    minWidth: 720,
    minHeight: 520,
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
  window.once('ready-to-show', () => window.show())
  void window.loadURL(APP_URL)
  return window
}
