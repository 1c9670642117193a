import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** The one place that knows where Chromium is: CHROMIUM, then Debian's. */
export function findChromium(): string | undefined {
  return [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
    (file) => file !== '' && existsSync(file),
  )
}

export type Browser = { context: BrowserContext; page: Page; close(): Promise<void> }

type BrowserOptions = Pick<BrowserContextOptions, 'viewport' | 'locale' | 'timezoneId' | 'colorScheme'> & {
  /** The network namespace of a host of the lab; without it the browser runs on the machine itself. */
  namespace?: string
  /** Switches of Chromium's beside our own. */
  switches?: readonly string[]
}

/** A real Chromium without a window, with a profile of its own that goes with it. */
export async function openBrowser({ namespace, switches = [], ...options }: BrowserOptions = {}): Promise<Browser> {
  const chromiumPath = findChromium()
  if (chromiumPath === undefined) throw new Error('There is no Chromium here (Debian package chromium).')
  const profile = mkdtempSync(join(tmpdir(), 'myst-browser-'))
  let executablePath = chromiumPath
  if (namespace !== undefined) {
    // Playwright starts one file, and speaks with it through pipes that it hands over.
    executablePath = join(profile, 'start')
    writeFileSync(executablePath, `#!/bin/sh\nexec ip netns exec ${namespace} ${chromiumPath} "$@"\n`, { mode: 0o700 })
  }
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      viewport: { width: 1000, height: 720 },
      ...options,
      args: [
        '--no-sandbox', // root in a test machine; the pages are our own
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        ...switches,
      ],
    })
    return {
      context,
      page: context.pages()[0] ?? (await context.newPage()),
      async close() {
        await context.close()
        rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
      },
    }
  } catch (error) {
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
    throw error
  }
}
