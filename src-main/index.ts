import { join } from 'node:path'
import { app, type BrowserWindow, dialog, ipcMain, protocol, safeStorage, session } from 'electron'
import { toWire } from '#shared/errors/myst-error.ts'
import { whatStops } from './desktop/glance.ts'
import { hardenContents, hardenSession } from './desktop/harden.ts'
import { APP_ORIGIN, APP_SCHEME, createPageHandler } from './desktop/page.ts'
import { createRememberedUnlock } from './desktop/remembered-unlock.ts'
import { homeOf, startNode } from './desktop/start-node.ts'
import { openTray } from './desktop/tray.ts'
import { openWindow } from './desktop/window.ts'
import { openIpcDoor } from './doors/ipc.ts'
import { createLogger } from './node/lib/logger.ts'

// The desktop door: harden, start the node, open the window. `--home=DIR` and `--network=FILE` as in the
// command line. The built files stand side by side: out/main, out/preload, out/renderer.
const OUT = join(import.meta.dirname, '..')
const log = createLogger((line) => process.stderr.write(`${line}\n`), 'desktop')

const home = homeOf(app.commandLine.getSwitchValue('home'))
// Chromium's own files go with the home, so that one home is one app and two homes are two.
app.setPath('userData', join(home, 'desktop'))
app.enableSandbox()
hardenContents(app)
protocol.registerSchemesAsPrivileged([
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
])

if (app.requestSingleInstanceLock()) {
  app.whenReady().then(run, fail).catch(fail)
} else {
  // The instance that holds the lock is told, and shows its window.
  app.quit()
}

async function run(): Promise<void> {
  const { platform } = process
  const keychain = createRememberedUnlock({ safeStorage, platform, log }, join(home, 'remembered-unlock.json'))
  const node = await startNode({ home, networkFile: app.commandLine.getSwitchValue('network'), keychain }, log)
  const { handlers, state } = node
  hardenSession(session.defaultSession)
  protocol.handle(APP_SCHEME, createPageHandler(join(OUT, 'renderer')))

  let window: BrowserWindow | undefined
  let quitting = false
  openIpcDoor(
    { ipcMain, handlers, state, log },
    { origin: APP_ORIGIN, isOurs: (contents) => contents === window?.webContents },
  )

  const open = () => {
    if (window && !window.isDestroyed()) {
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
      return
    }
    const opened = openWindow(join(OUT, 'preload', 'index.cjs'))
    window = opened
    // Closing puts the app into the tray: a connection or a customer's session does not end by accident.
    opened.on('close', (event) => {
      if (quitting) return
      event.preventDefault()
      opened.hide()
    })
  }

  /** From the tray there is no page that could show what went wrong. */
  const tell = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => dialog.showMessageBox({ type: 'warning', message: toWire(error).message }))

  openTray(state, {
    open,
    connect: () => tell(handlers['connection.connect']({})),
    disconnect: () => tell(handlers['connection.disconnect']({})),
    restore: () => tell(handlers['connection.restore']({})),
    share() {
      const { terms } = state.get().share
      // The first time needs terms, which are agreed in the window.
      if (terms) tell(handlers['share.start'](terms))
      else open()
    },
    stopSharing: () => tell(handlers['share.stop']({})),
    forget: () => tell(handlers['identity.forget']({})),
    quit: () => app.quit(),
  })

  const quit = () => {
    if (quitting) return
    quitting = true
    node.stop().then(() => app.exit(0), fail)
  }
  const confirmed = () => {
    const stops = whatStops(state.get())
    if (!stops) return true
    const buttons = ['Quit', 'Stay']
    const question = {
      type: 'question',
      message: 'Quit Mysterium?',
      detail: stops,
      buttons,
      defaultId: 1,
      cancelId: 1,
    } as const
    return dialog.showMessageBoxSync(question) === 0
  }

  app.on('second-instance', open)
  app.on('activate', open)
  // The app lives in the tray.
  app.on('window-all-closed', () => undefined)
  app.on('before-quit', (event) => {
    event.preventDefault()
    if (!quitting && confirmed()) quit()
  })
  // Whoever sends a signal is not there to be asked.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, quit)
  open()
}

function fail(error: unknown): void {
  const { message } = toWire(error)
  log.error(message)
  dialog.showErrorBox('Mysterium', message)
  app.exit(1)
}
