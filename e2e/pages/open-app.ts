import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import type { HostName } from '../../src-main/node/localnet/hosts.ts'
import { type Browser, openBrowser } from '../lab/browser.ts'
import type { Lab } from '../lab/lab.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { AppPage } from './app-page.ts'

const MYST = fileURLToPath(new URL('../../scripts/myst.mjs', import.meta.url))

/** A node with the app on it, as `myst app` starts it. It is locked: nobody hands it a passphrase. */
export type RunningApp = {
  readonly node: LineProcess
  /** The page's origin. */
  readonly door: string
  /** What the person opens; lets one page in. */
  readonly address: string
}

/** One person's browser at one node's page. */
export type OpenedApp = {
  readonly app: AppPage
  readonly page: Page
  /**
   * What went wrong in the page so far: errors, failed requests, refusals by the page's own policy. A
   * command that the node refused (422) is none: the page says so in words.
   */
  problems(): readonly string[]
  close(): Promise<void>
}

/** `host` is where the node runs; the browser reaches it over the node's Unix socket, at `door` if it ran before. */
export async function startApp(lab: Lab, host: HostName, home: string, door?: string): Promise<RunningApp> {
  const socket = join(lab.dir, `${home}.sock`)
  const where = ['--home', lab.homeDir(home), '--network', lab.networkFile]
  const node = lab.start(host, process.execPath, [MYST, ...where, '--json', 'app', '--path', socket])
  const { token } = await node.until('its page', (line) => line.event === 'app', 30_000)
  const origin = door ?? (await lab.door(socket))
  return { node, door: origin, address: `${origin}/#token=${String(token)}` }
}

export async function openApp(address: string, options: Parameters<typeof openBrowser>[0] = {}): Promise<OpenedApp> {
  const browser: Browser = await openBrowser(options)
  const { page } = browser
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error' || /status of 422/.test(message.text())) return
    problems.push(`console: ${message.text()} (${message.location().url.replace(/#.*/, '')})`)
  })
  const app = new AppPage(page)
  await app.open(address)
  return { app, page, problems: () => problems, close: () => browser.close() }
}
