import { readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

/** The page's own scheme: `file:` would let a flaw in the page read the person's files. */
export const APP_SCHEME = 'app'
export const APP_ORIGIN = `${APP_SCHEME}://mysterium`
export const APP_URL = `${APP_ORIGIN}/index.html`

/**
 * Nothing but the page's own files; no network at all, because all talk with the node goes over IPC.
 * Inline styles stay possible, because the dialogs' scroll lock and the chart write them; scripts do not.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}
const HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Answers `app://mysterium/…` with files of known kinds from `pageDir`, and with nothing else. */
export function createPageHandler(pageDir: string): (request: Request) => Promise<Response> {
  const refuse = (status: number) => new Response(null, { status, headers: HEADERS })
  return async ({ method, url }) => {
    if (method !== 'GET') return refuse(405)
    if (!url.startsWith(`${APP_ORIGIN}/`)) return refuse(403)
    const file = await fileOf(pageDir, url).catch(() => undefined)
    const type = file && TYPES[extname(file)]
    if (!file || !type) return refuse(404)
    // Copied into an array of its own, because a response takes no bytes of shared memory.
    return new Response(new Uint8Array(await readFile(file)), { headers: { ...HEADERS, 'content-type': type } })
  }
}

/** The file that an address means, if it lies in `pageDir`, symbolic links followed. */
async function fileOf(pageDir: string, url: string): Promise<string | undefined> {
  const path = decodeURIComponent(new URL(url).pathname)
  if (path.includes('\0') || path.includes('\\')) return undefined
  const [root, file] = await Promise.all([realpath(pageDir), realpath(join(pageDir, path))])
  return file.startsWith(root + sep) ? file : undefined
}
