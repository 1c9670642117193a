import { existsSync, mkdtempSync, rmSync } from 'node:fs'
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

/** A real Chromium without a window, with a profile of its own that goes with it. */
export async function openBrowser(
  options: Pick<BrowserContextOptions, 'viewport' | 'locale' | 'timezoneId' | 'colorScheme'> = {},
): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium here (Debian package chromium).')
  const profile = mkdtempSync(join(tmpdir(), 'myst-browser-'))
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
