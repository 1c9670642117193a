import { join } from 'node:path'
import { app, ipcMain, Menu, protocol, safeStorage, session } from 'electron'
import { toWire } from '#shared/errors/myst-error.ts'
import { hashOf, LINK_SCHEME, linkIn, type OfferLink, parseLink } from './desktop/deep-link.ts'
import { askQuit, failAtStart, tell, tellFailure } from './desktop/dialogs.ts'
import { whatStops } from './desktop/glance.ts'
import { hardenContents, hardenSession } from './desktop/harden.ts'
import { createMainWindow } from './desktop/main-window.ts'
import { openNotifications } from './desktop/notify.ts'
import { APP_ORIGIN, APP_SCHEME, createPageHandler } from './desktop/page.ts'
import { openQuit } from './desktop/quit.ts'
import { createRememberedUnlock } from './desktop/remembered-unlock.ts'
import { openShell } from './desktop/shell.ts'
import { homeOf, startNode } from './desktop/start-node.ts'
import { HIDDEN } from './desktop/start-with-computer.ts'
import { speak, t } from './desktop/texts.ts'
import { openTray } from './desktop/tray.ts'
import { openWindow } from './desktop/window.ts'
import { openIpcDoor } from './doors/ipc.ts'
import { createLogger } from './node/lib/logger.ts'

// The desktop door: harden, start the node, open the window. `--home=DIR` and `--network=FILE` as in the
// command line. The built files stand side by side: out/main, out/preload, out/renderer.
const OUT = join(import.meta.dirname, '..')
const log = createLogger((line) => process.stderr.write(`${line}\n`), 'desktop')

const givenHome = app.commandLine.getSwitchValue('home')
const home = homeOf(givenHome)
// Chromium's own files go with the home, so that one home is one app and two homes are two.
app.setPath('userData', join(home, 'desktop'))
app.enableSandbox()
hardenContents(app)
protocol.registerSchemesAsPrivileged([
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
])
// The installers of macOS and Linux say whose links and notifications these are; on Windows the program does.
if (app.isPackaged && process.platform === 'win32') {
  app.setAsDefaultProtocolClient(LINK_SCHEME, process.execPath, ['--'])
  app.setAppUserModelId('network.mysterium.desktop')
}

/** A link that came before there was a window: Linux and Windows give it as an argument, macOS says it. */
let early: OfferLink | undefined = linkIn(process.argv)
let follow = (link: OfferLink | undefined): void => {
  early = link
}
app.on('open-url', (event, url) => {
  event.preventDefault()
  follow(parseLink(url))
})

if (app.requestSingleInstanceLock()) {
  app.whenReady().then(run, fail).catch(fail)
} else {
  // The instance that holds the lock is told, and shows its window.
  app.quit()
}

async function run(): Promise<void> {
  const { platform } = process
  // A node that does not start has no settings to say otherwise.
  speak('auto', app.getPreferredSystemLanguages())
  const keychain = createRememberedUnlock({ safeStorage, platform, log }, join(home, 'remembered-unlock.json'))
  const networkFile = app.commandLine.getSwitchValue('network')
  const node = await startNode({ home, networkFile, keychain }, log)
  const { state } = node
  // Before whoever shows a text is told of the same change.
  const sayIt = () => speak(state.get().settings.language, app.getPreferredSystemLanguages())
  sayIt()
  state.subscribe((message) => {
    if (message.kind === 'delta' && message.set.settings) sayIt()
  })
  // macOS takes copying, quitting and the like from a menu; elsewhere Electron's own would offer its tools.
  const menu = Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }])
  Menu.setApplicationMenu(platform === 'darwin' ? menu : null)
  await hardenSession(session.defaultSession)
  protocol.handle(APP_SCHEME, createPageHandler(join(OUT, 'renderer')))

  const window = createMainWindow({
    make: (options) => openWindow(join(OUT, 'preload', 'index.cjs'), options),
    onCrashLoop: () => tell(t.crash.title, t.crash.text),
    log,
  })
  const quit = openQuit({
    app,
    confirmed() {
      const stops = whatStops(state.get())
      return stops === undefined || askQuit(stops)
    },
    async stop() {
      window.quit()
      shell.updates?.stop()
      await node.stop()
    },
    fail,
  })
  const shell = await openShell({ state, log, end: quit.end, fail }, givenHome)
  const handlers = { ...node.handlers, ...shell.handlers }
  openIpcDoor({ ipcMain, handlers, state, log }, { origin: APP_ORIGIN, isOurs: window.isOurs })

  openTray(state, handlers, {
    open: () => window.open(),
    connect: () => tellFailure(handlers['connection.connect']({})),
    connectTo: (filter) => tellFailure(handlers['connection.connect'](filter)),
    disconnect: () => tellFailure(handlers['connection.disconnect']({})),
    restore: () => tellFailure(handlers['connection.restore']({})),
    share() {
      const { terms } = state.get().share
      // The first time needs terms, which are agreed in the window.
      if (terms) tellFailure(handlers['share.start'](terms))
      else window.open()
    },
    stopSharing: () => tellFailure(handlers['share.stop']({})),
    forget: () => tellFailure(handlers['identity.forget']({})),
    update: (step) => tellFailure(handlers['shell.update']({ step })),
    quit: () => app.quit(),
  })
  openNotifications(state, window)

  // A link shows its offer and asks, like a click in the list; what is no link of ours only shows the window.
  follow = (link) => window.open(link && hashOf(link))
  app.on('second-instance', (_event, argv) => follow(linkIn(argv)))
  app.on('activate', () => window.open())
  // The app lives in the tray.
  app.on('window-all-closed', () => undefined)
  if (early || !app.commandLine.hasSwitch(HIDDEN)) follow(early)
}

function fail(error: unknown): void {
  const { message } = toWire(error)
  log.error(message)
  failAtStart(message)
  app.exit(1)
}
