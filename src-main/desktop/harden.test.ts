import { EventEmitter } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hardenContents, hardenSession } from './harden.ts'
import { APP_URL } from './page.ts'

/** Contents as they come to be, with all that the shell hangs on them. */
function contents() {
  const app = new EventEmitter()
  hardenContents(app as unknown as Electron.App)
  let opening: (details: { url: string }) => { action: string } = () => ({ action: 'allow' })
  const made = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: typeof opening) => {
      opening = handler
    },
    setWebRTCIPHandlingPolicy: () => undefined,
  })
  app.emit('web-contents-created', {}, made)
  return {
    isPrevented(name: string, url: string): boolean {
      let prevented = false
      made.emit(name, {
        url,
        preventDefault: () => {
          prevented = true
        },
      })
      return prevented
    },
    open: (url: string) => opening({ url }).action,
  }
}

async function session() {
  type Filter = (details: { url: string }, answer: (verdict: { cancel: boolean }) => void) => void
  type Permit = (contents: { getURL(): string }, name: string, answer: (granted: boolean) => void) => void
  const set = {
    filter: (() => undefined) as Filter,
    permit: (() => undefined) as Permit,
    check: (_contents: unknown, _name: string, _origin: string) => true,
    device: () => true,
  }
  const events = new EventEmitter()
  await hardenSession({
    webRequest: { onBeforeRequest: (filter: Filter) => (set.filter = filter) },
    setPermissionRequestHandler: (permit: Permit) => (set.permit = permit),
    setPermissionCheckHandler: (check: typeof set.check) => (set.check = check),
    setDevicePermissionHandler: (device: typeof set.device) => (set.device = device),
    setProxy: async () => undefined,
    on: events.on.bind(events),
  } as unknown as Electron.Session)
  return { ...set, events }
}

const ELSEWHERE = [
  'https://mysterium.example/',
  'http://127.0.0.1:4050/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,x',
  'about:blank',
  'app://mysterium.example/index.html',
  'app://elsewhere/index.html',
  'app://mysterium/other.html',
  'blob:app://mysterium/1',
  'devtools://devtools/bundled/inspector.html',
]

describe('contents', () => {
  test.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('do not leave the page (%s)', (name) => {
    const made = contents()
    expect(ELSEWHERE.filter((url) => !made.isPrevented(name, url))).toEqual([])
    for (const url of [APP_URL, `${APP_URL}#/wallet`]) expect(made.isPrevented(name, url)).toBe(false)
  })

  test('take in no webview and open no window', () => {
    const made = contents()
    expect(made.isPrevented('will-attach-webview', APP_URL)).toBe(true)
    expect([...ELSEWHERE, APP_URL].map((url) => made.open(url))).toEqual([...ELSEWHERE, APP_URL].map(() => 'deny'))
  })
})

describe('the session', () => {
  test('loads the page and nothing else', async () => {
    const { filter } = await session()
    const isCancelled = (url: string) => {
      let cancelled = false
      filter({ url }, ({ cancel }) => {
        cancelled = cancel
      })
      return cancelled
    }
    const more = ['ws://127.0.0.1/', 'wss://mysterium.example/', 'ftp://x/', 'app://mysterium', 'data:image']
    const own = ['blob:app://mysterium/1', 'app://mysterium/other.html']
    expect([...ELSEWHERE, ...more].filter((url) => !own.includes(url) && !isCancelled(url))).toEqual([])
    for (const url of [APP_URL, ...own, 'data:image/png;base64,x']) expect(isCancelled(url)).toBe(false)
  })

  test('grants copying to the page, and nothing else to anybody', async () => {
    const { permit, check, device } = await session()
    const names = (
      'media geolocation notifications midi midiSysex pointerLock fullscreen openExternal clipboard-read hid serial usb ' +
      'display-capture mediaKeySystem window-management speaker-selection storage-access fileSystem idle-detection unknown'
    ).split(' ')
    const isGranted = (name: string, url: string) => {
      let granted = true
      permit({ getURL: () => url }, name, (answer) => {
        granted = answer
      })
      return granted
    }
    const own = APP_URL.replace(/\/index.html$/, '')
    expect(names.filter((name) => isGranted(name, APP_URL) || check({}, name, own))).toEqual([])
    expect(isGranted('clipboard-sanitized-write', APP_URL)).toBe(true)
    expect(check({}, 'clipboard-sanitized-write', own)).toBe(true)
    expect(isGranted('clipboard-sanitized-write', 'https://mysterium.example/')).toBe(false)
    expect(check({}, 'clipboard-sanitized-write', 'app://mysterium.example')).toBe(false)
    expect(device()).toBe(false)
  })

  test('saves what the page itself made, and downloads nothing', async () => {
    const { events } = await session()
    const isRefused = (url: string) => {
      let refused = false
      events.emit('will-download', { preventDefault: () => (refused = true) }, { getURL: () => url })
      return refused
    }
    expect(isRefused('blob:app://mysterium/1-2-3')).toBe(false)
    for (const url of ['https://mysterium.example/x.exe', 'blob:https://x/1', APP_URL, 'data:text/html,x'])
      expect(isRefused(url)).toBe(true)
  })
})

test('nothing in the shell hands an address to the system, or switches a protection off', () => {
  const root = new URL('../', import.meta.url)
  const files = ['index.ts', ...['desktop', 'preload', 'doors'].flatMap((dir) => listing(dir))]
  function listing(dir: string): string[] {
    return readdirSync(new URL(`${dir}/`, root))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => `${dir}/${name}`)
  }
  expect(files.length).toBeGreaterThan(20)
  const forbidden =
    /openExternal|openPath|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|allowpopups|webSecurity: false|nodeIntegration: true|contextIsolation: false|sandbox: false|--no-sandbox|loadFile|file:\/\/|executeJavaScript|enableRemoteModule|ignore-certificate-errors|certificate-error/
  expect(files.filter((file) => forbidden.test(readFileSync(new URL(file, root), 'utf8')))).toEqual([])
})
