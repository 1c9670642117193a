import type { App, Session, WebContents } from 'electron'
import { APP_ORIGIN, APP_URL } from './page.ts'

/** The only permission the page needs: "copy" beside addresses and identifiers. */
const GRANTED = 'clipboard-sanitized-write'

/** Whatever contents come to be: they stay where they are, or load the page anew, and open nothing. */
export function hardenContents(app: Pick<App, 'on'>): void {
  app.on('web-contents-created', (_event, contents: WebContents) => {
    contents.on('will-navigate', stay)
    contents.on('will-frame-navigate', stay)
    contents.on('will-redirect', stay)
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    // No policy of a page covers WebRTC; without UDP it has only the proxy of the session, which is none.
    contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
  })
}

function stay(event: { url: string; preventDefault(): void }): void {
  if (event.url.split('#')[0] !== APP_URL) event.preventDefault()
}

/** Where nobody listens: what gets past every other bar still reaches nothing. The updater has a session of its own. */
const NO_PROXY = { mode: 'fixed_servers', proxyRules: 'http://127.0.0.1:9', proxyBypassRules: '<-loopback>' } as const

/** No network, no devices, no permissions for any page; what it saves comes from the page itself. */
export async function hardenSession(session: Session): Promise<void> {
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isOwn(details.url) }))
  session.setPermissionRequestHandler((contents, permission, answer) =>
    answer(permission === GRANTED && isOwn(contents.getURL())),
  )
  session.setPermissionCheckHandler((_contents, permission, origin) => permission === GRANTED && isOwn(`${origin}/`))
  session.setDevicePermissionHandler(() => false)
  // A backup is made by the page, as a blob; a download from anywhere else is not ours.
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${APP_ORIGIN}/`)) event.preventDefault()
  })
  await session.setProxy(NO_PROXY)
}

function isOwn(url: string): boolean {
  return url.startsWith(`${APP_ORIGIN}/`) || url.startsWith(`blob:${APP_ORIGIN}/`) || url.startsWith('data:image/')
}
