import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { BrowserContext, Frame, Page, Route } from 'playwright-core'
import { createSafeStorage } from './safe-storage.ts'

/**
 * A stand-in for the parts of Electron that the shell uses, where Electron's own program cannot be had.
 * The window is a page in Chromium, and what the shell decides (files, policy, navigation, windows,
 * messages) takes effect there. Every part is typed by Electron's own declarations, so it cannot drift
 * from them unnoticed; what is missing fails when the shell reaches for it.
 *
 * It does not show what Electron itself must do: sandbox, context isolation, the scheme `app:`, native
 * tray and dialogs. Chromium knows no `app:`, so the page runs under a name of its own on https, which
 * no network is ever asked for.
 */
export const PAGE_ORIGIN = 'https://mysterium.shell.test'
const APP_ORIGIN = 'app://mysterium'
const toApp = (url: string) => (url.startsWith(`${PAGE_ORIGIN}/`) ? APP_ORIGIN + url.slice(PAGE_ORIGIN.length) : url)
const toPage = (url: string) => (url.startsWith(`${APP_ORIGIN}/`) ? PAGE_ORIGIN + url.slice(APP_ORIGIN.length) : url)

type Serve = Parameters<Electron.Protocol['handle']>[1]
type RequestFilter = Parameters<Electron.WebRequest['onBeforeRequest']>[0]
type PermissionFilter = Parameters<Electron.Session['setPermissionRequestHandler']>[0]
type Invoked = Parameters<Electron.IpcMain['handle']>[1]
type OpenHandler = Parameters<Electron.WebContents['setWindowOpenHandler']>[0]

export type ElectronDouble = ReturnType<typeof createElectronDouble>

export function createElectronDouble(context: BrowserContext, switches: Record<string, string>) {
  const appEvents = new EventEmitter()
  const ipcEvents = new EventEmitter()
  const invoked = new Map<string, Invoked>()
  const exited = Promise.withResolvers<number>()
  const firstPage = Promise.withResolvers<Page>()
  const trays: DoubleTray[] = []
  const windows: DoubleWindow[] = []
  const notes: DoubleNotification[] = []
  /** Every text that a native dialog would have shown. */
  const dialogs: string[] = []
  /** Addresses that Chromium was about to load and the shell refused. */
  const refusedRequests: string[] = []
  const refusedWindows: string[] = []
  /** What a person clicks in the next dialogs; without one, the first button. */
  const answers: number[] = []
  let loginItem: Electron.Settings = {}
  let filter: RequestFilter = null
  let permission: PermissionFilter = null
  let serve: Serve | undefined
  let proxy: Electron.ProxyConfig | undefined
  let sandboxed = false

  const app: Pick<
    Electron.App,
    | 'on'
    | 'whenReady'
    | 'requestSingleInstanceLock'
    | 'enableSandbox'
    | 'setPath'
    | 'quit'
    | 'exit'
    | 'isPackaged'
    | 'setAsDefaultProtocolClient'
    | 'setAppUserModelId'
    | 'getPreferredSystemLanguages'
    | 'getLoginItemSettings'
    | 'setLoginItemSettings'
  > & { commandLine: Pick<Electron.CommandLine, 'getSwitchValue' | 'hasSwitch'> } = {
    commandLine: { getSwitchValue: (name) => switches[name] ?? '', hasSwitch: (name) => name in switches },
    isPackaged: false,
    getPreferredSystemLanguages: () => ['en-GB'],
    setAsDefaultProtocolClient: () => true,
    setAppUserModelId: () => undefined,
    setLoginItemSettings: (settings) => {
      loginItem = settings
    },
    getLoginItemSettings: () => ({ openAtLogin: loginItem.openAtLogin === true }) as Electron.LoginItemSettings,
    on: on<Electron.App['on']>(appEvents),
    whenReady: async () => undefined,
    requestSingleInstanceLock: () => true,
    enableSandbox: () => {
      sandboxed = true
    },
    setPath: () => undefined,
    quit() {
      if (!emitPreventable(appEvents, 'before-quit')) exited.resolve(0)
    },
    exit: (code = 0) => exited.resolve(code),
  }
  const ipcMain: Pick<Electron.IpcMain, 'handle' | 'on'> = {
    handle: (channel, listener) => void invoked.set(channel, listener),
    on: on<Electron.IpcMain['on']>(ipcEvents),
  }
  const protocol: Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> = {
    registerSchemesAsPrivileged: () => undefined,
    handle: (_scheme, handler) => {
      serve = handler
    },
  }
  const webRequest: Pick<Electron.WebRequest, 'onBeforeRequest'> = {
    onBeforeRequest(...given: unknown[]) {
      filter = given.at(-1) as RequestFilter
    },
  }
  const session: { defaultSession: Partial<Electron.Session> } = {
    defaultSession: {
      webRequest: webRequest as Electron.WebRequest,
      setPermissionRequestHandler(handler) {
        permission = handler
      },
      setPermissionCheckHandler: () => undefined,
      setDevicePermissionHandler: () => undefined,
      async setProxy(config) {
        proxy = config
      },
      on: on<Electron.Session['on']>(new EventEmitter()),
    },
  }
  const note = (...given: unknown[]) => {
    const box = given.at(-1) as Electron.MessageBoxOptions
    dialogs.push([box.message, box.detail].filter(Boolean).join('\n'))
  }
  const dialog: Pick<Electron.Dialog, 'showErrorBox' | 'showMessageBox' | 'showMessageBoxSync'> = {
    showErrorBox: (_title, content) => void dialogs.push(content),
    async showMessageBox(...given: unknown[]) {
      note(...given)
      return { response: answers.shift() ?? 0, checkboxChecked: false }
    },
    showMessageBoxSync(...given: unknown[]) {
      note(...given)
      return answers.shift() ?? 0
    },
  }
  const nativeImage: Pick<typeof Electron.nativeImage, 'createEmpty' | 'createFromPath'> = {
    createEmpty: () =>
      ({
        addRepresentation({ buffer, width = 0, height = 0 }) {
          if (buffer?.length !== width * height * 4 || width === 0) throw new Error('The bitmap has another size.')
        },
        setTemplateImage: () => undefined,
      }) as Pick<Electron.NativeImage, 'addRepresentation' | 'setTemplateImage'> as Electron.NativeImage,
    createFromPath(path) {
      readFileSync(path)
      return {} as Electron.NativeImage
    },
  }
  const Menu: Pick<typeof Electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'> = {
    setApplicationMenu: () => undefined,
    buildFromTemplate: (items) => ({ items }) as Electron.Menu,
  }

  class DoubleTray implements Pick<Electron.Tray, 'setImage' | 'setToolTip' | 'setContextMenu' | 'on'> {
    menu: Electron.Menu | null = null
    readonly on = on<Electron.Tray['on']>(new EventEmitter())
    constructor() {
      trays.push(this)
    }
    setImage() {}
    setToolTip() {}
    setContextMenu(menu: Electron.Menu | null) {
      this.menu = menu
    }
  }

  class DoubleNotification implements Pick<Electron.Notification, 'on' | 'show' | 'title' | 'body'> {
    static isSupported = () => true
    readonly events = new EventEmitter()
    readonly on = on<Electron.Notification['on']>(this.events)
    readonly title: string
    readonly body: string
    constructor({ title = '', body = '' }: Electron.NotificationConstructorOptions) {
      this.title = title
      this.body = body
    }
    show() {
      notes.push(this)
    }
  }

  class DoubleWindow
    implements
      Pick<
        Electron.BrowserWindow,
        | ('once' | 'on' | 'loadURL' | 'show' | 'hide' | 'focus' | 'close' | 'destroy')
        | ('isMinimized' | 'isVisible' | 'isFocused' | 'isDestroyed')
      >
  {
    readonly events = new EventEmitter()
    readonly on = on<Electron.BrowserWindow['on']>(this.events)
    readonly once = on<Electron.BrowserWindow['once']>(this.events)
    readonly webContents: ReturnType<typeof createContents>
    readonly preload: string
    readonly options: Electron.BrowserWindowConstructorOptions
    page: Page | undefined
    state: 'hidden' | 'shown' | 'destroyed' = 'hidden'
    constructor(options: Electron.BrowserWindowConstructorOptions) {
      this.options = options
      this.preload = readFileSync(options.webPreferences?.preload ?? '', 'utf8')
      this.webContents = createContents()
      windows.push(this)
      appEvents.emit('web-contents-created', {}, this.webContents)
    }
    async loadURL(url: string) {
      if (this.page) return void (await this.page.goto(toPage(url)))
      // Whatever is not this page (a window that opens beside it) gets nothing.
      await context.route('**/*', (route) => route.abort())
      const page = await context.newPage()
      this.page = page
      await this.webContents.attach(page, this.preload)
      await page.goto(toPage(url))
      this.events.emit('ready-to-show')
      firstPage.resolve(page)
    }
    show() {
      this.state = 'shown'
    }
    hide() {
      this.state = 'hidden'
    }
    focus() {}
    close() {
      if (!emitPreventable(this.events, 'close')) this.destroy()
    }
    destroy() {
      this.state = 'destroyed'
      this.webContents.end()
      void this.page?.close()
    }
    isMinimized = () => false
    isVisible = () => this.state === 'shown'
    isFocused = () => this.state === 'shown'
    isDestroyed = () => this.state === 'destroyed'
  }

  function createContents() {
    const events = new EventEmitter()
    let page: Page | undefined
    let sending: Promise<unknown> = Promise.resolve()
    let openHandler: OpenHandler = () => ({ action: 'allow' })
    const contents = {
      on: on<Electron.WebContents['on']>(events),
      once: on<Electron.WebContents['once']>(events),
      getURL: () => toApp(page?.url() ?? ''),
      setWindowOpenHandler(handler: OpenHandler) {
        openHandler = handler
      },
      setWebRTCIPHandlingPolicy(policy: Parameters<Electron.WebContents['setWebRTCIPHandlingPolicy']>[0]) {
        contents.webRtcPolicy = policy
      },
      webRtcPolicy: 'default',
      send(channel: string, ...values: unknown[]) {
        sending = sending.then(() => page?.evaluate(deliver, { channel, values }).catch(() => undefined))
      },
      end: () => void events.emit('destroyed'),
      async attach(own: Page, preload: string) {
        page = own
        own.on('crash', () => events.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }))
        await own.exposeBinding('__ipc', (source, kind: string, channel: string, ...values: unknown[]) => {
          const senderFrame = { url: toApp(source.frame.url()), parent: source.frame.parentFrame() }
          const event = { senderFrame, sender: contents } as unknown as Electron.IpcMainInvokeEvent
          if (kind === 'send') return void ipcEvents.emit(channel, event, ...values)
          return invoked.get(channel)?.(event, ...values)
        })
        await own.addInitScript({ content: `if (window.top === window) (${runPreload})(${JSON.stringify(preload)})` })
        await own.route('**/*', (route) => decide(route, own.mainFrame()))
        own.on('popup', (popup) => {
          const { action } = openHandler?.({ url: popup.url() } as Electron.HandlerDetails) ?? { action: 'allow' }
          if (action !== 'deny') return
          refusedWindows.push(popup.url())
          void popup.close()
        })
      },
    }

    async function decide(route: Route, mainFrame: Frame) {
      const request = route.request()
      const url = toApp(request.url())
      const leaves = request.isNavigationRequest() && request.frame() === mainFrame && mainFrame.url() !== 'about:blank'
      if (leaves && emitPreventable(events, 'will-navigate', { url })) {
        refusedRequests.push(url)
        return route.abort('aborted')
      }
      if (isCancelled(url)) {
        refusedRequests.push(url)
        return route.abort('blockedbyclient')
      }
      const response = await serve?.(new Request(url, { method: request.method() }))
      if (!response) return route.abort('failed')
      await route.fulfill({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      })
    }
    return contents
  }

  function isCancelled(url: string): boolean {
    let cancelled: boolean | undefined
    filter?.({ url } as Electron.OnBeforeRequestListenerDetails, ({ cancel }) => {
      cancelled = cancel
    })
    return cancelled === true
  }

  return {
    module: {
      app,
      BrowserWindow: DoubleWindow,
      dialog,
      ipcMain,
      Menu,
      nativeImage,
      Notification: DoubleNotification,
      protocol,
      safeStorage: createSafeStorage(),
      session,
      Tray: DoubleTray,
    },
    firstPage: firstPage.promise,
    exited: exited.promise,
    windows,
    notes,
    dialogs,
    answers,
    refusedRequests,
    refusedWindows,
    isCancelled,
    grants(name: string): boolean | undefined {
      let granted: boolean | undefined
      const contents = { getURL: () => `${APP_ORIGIN}/index.html` } as Electron.WebContents
      permission?.(contents, name as 'media', (answer) => (granted = answer), {} as Electron.PermissionRequest)
      return granted
    },
    proxy: () => proxy,
    isSandboxed: () => sandboxed,
    trayItems: () => trays[0]?.menu?.items ?? [],
    quit: () => app.quit(),
    /** Somebody starts the program a second time, with these words. */
    secondInstance: (...argv: string[]) => appEvents.emit('second-instance', {}, argv, '/', undefined),
    /** macOS hands over a link. */
    openUrl: (url: string) => emitPreventable(appEvents, 'open-url', {}, url),
  }
}

/** Electron's many overloads of `on` are one function underneath. */
function on<On>(events: EventEmitter): On {
  return ((name: string, listener: (...values: unknown[]) => void) => events.on(name, listener)) as On
}

function emitPreventable(events: EventEmitter, name: string, fields: object = {}, ...more: unknown[]): boolean {
  let prevented = false
  const preventDefault = () => {
    prevented = true
  }
  events.emit(name, { ...fields, preventDefault }, ...more)
  return prevented
}

/** In the page: hands a message to the preload script. */
function deliver({ channel, values }: { channel: string; values: unknown[] }): void {
  window.dispatchEvent(new CustomEvent('__deliver', { detail: { channel, values } }))
}

/** In the page, before its own scripts: what a sandboxed preload script can reach of Electron. */
function runPreload(source: string): void {
  type Ipc = (kind: string, channel: string, ...values: unknown[]) => Promise<unknown>
  const ipc = (window as unknown as { __ipc: Ipc }).__ipc
  const listeners = new Map<unknown, EventListener>()
  const electron = {
    contextBridge: {
      exposeInMainWorld: (name: string, api: object) =>
        Object.defineProperty(window, name, { value: Object.freeze(api), writable: false, configurable: false }),
    },
    ipcRenderer: {
      invoke: (channel: string, ...values: unknown[]) => ipc('invoke', channel, ...values),
      send: (channel: string, ...values: unknown[]) => void ipc('send', channel, ...values),
      on(channel: string, listener: (event: unknown, ...values: unknown[]) => void) {
        const wrapped = (event: Event) => {
          const message = (event as CustomEvent<{ channel: string; values: unknown[] }>).detail
          if (message.channel === channel) listener({}, ...message.values)
        }
        listeners.set(listener, wrapped)
        window.addEventListener('__deliver', wrapped)
      },
      off(_channel: string, listener: unknown) {
        const wrapped = listeners.get(listener)
        if (wrapped) window.removeEventListener('__deliver', wrapped)
      },
    },
  }
  new Function('require', source)(() => electron)
}
