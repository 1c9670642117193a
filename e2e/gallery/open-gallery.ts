import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { build, preview } from 'vite'
import { openBrowser } from '../lab/browser.ts'

const CONFIG = fileURLToPath(new URL('../../src-renderer/vite.config.ts', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** As large as the desktop app's window. */
export const LARGE = { width: 1180, height: 780 }
/** The smallest that the app is made for. */
export const SMALL = { width: 420, height: 640 }
/** What is left of an ordinary laptop's window at twice the size. */
export const ZOOMED = { width: 640, height: 400 }

export type Look = { viewport: { width: number; height: number }; colorScheme: 'light' | 'dark' }

export type Gallery = {
  readonly page: Page
  /** The names of all scenes, as the gallery lists them. */
  readonly scenes: readonly string[]
  /** Errors of the page so far. */
  problems(): readonly string[]
  /** Opens a scene from the start, at a time that stands still. */
  show(scene: string, language?: 'en' | 'de'): Promise<void>
  wear(look: Look): Promise<void>
  /** What axe says against it, of the rules that WCAG 2 calls A and AA, or of the rules given. */
  audit(rules?: readonly string[]): Promise<AxeResults['violations']>
  /** What is outside of the window and cannot be scrolled into it. */
  cutOff(): Promise<string[]>
  /** How many coloured dots have no words beside them. */
  loneDots(): Promise<number>
  close(): Promise<void>
}

/** The gallery as built for development, served on loopback, in a real Chromium whose clock stands. */
export async function openGallery(): Promise<Gallery> {
  await build({ configFile: CONFIG, mode: 'development', logLevel: 'error' })
  const server = await preview({ configFile: CONFIG, mode: 'development', preview: { host: '127.0.0.1', port: 0 } })
  const address = `http://127.0.0.1:${(server.httpServer.address() as AddressInfo).port}/gallery.html`
  const browser = await openBrowser({ viewport: LARGE, locale: 'en-GB', timezoneId: 'UTC' }).catch(async (error) => {
    await server.close()
    throw error
  })
  const { page } = browser
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.clock.setFixedTime('2026-03-14T15:09:26Z')
  await page.goto(address)
  await page.getByRole('link').first().waitFor()
  const scenes = await page.getByRole('link').allTextContents()
  await page.evaluate(AXE)
  return {
    page,
    scenes,
    problems: () => problems,
    async show(scene, language = 'en') {
      await page.evaluate(([name, spoken]) => window.showScene(name, spoken), [scene, language] as const)
      await settle(page)
    },
    async wear({ viewport, colorScheme }) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize(viewport)
      await settle(page)
    },
    audit(rules) {
      const runOnly: RunOptions['runOnly'] = rules
        ? { type: 'rule', values: [...rules] }
        : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }
      return page.evaluate(async (options) => (await window.axe.run(document, options)).violations, {
        runOnly,
        resultTypes: ['violations'],
      } satisfies RunOptions)
    },
    cutOff: () => page.evaluate(findCutOff),
    loneDots: () =>
      page.locator('.dot').evaluateAll((dots) => dots.filter((dot) => !dot.parentElement?.textContent?.trim()).length),
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

/** Code of pictures and flags have come, and what measures itself has had its turn. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frames = () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))
    const isLoading = () => document.querySelector('.chart-loading, .by-day-loading, .map-picture:empty, .qr:empty')
    do await frames()
    while (isLoading())
    await Promise.all([...document.images].filter(({ loading }) => loading !== 'lazy').map((image) => image.decode()))
    await frames()
  })
}

/** Runs in the page. */
function findCutOff(): string[] {
  const scrolls = (element: Element, axis: 'overflowX' | 'overflowY') => {
    for (let at: Element | null = element; at; at = at.parentElement) {
      if (['auto', 'scroll'].includes(getComputedStyle(at)[axis])) return true
    }
    return false
  }
  const hasText = (element: Element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
  return [...document.querySelectorAll('#root *, [role="dialog"] *')]
    .filter((element) => hasText(element) || element.matches('button, input, select, textarea'))
    .filter((element) => !element.closest('.visually-hidden, .skip, [role="img"], [aria-hidden="true"]'))
    .filter((element) => {
      const { left, right, top, bottom, width } = element.getBoundingClientRect()
      if (width === 0) return false
      const aside = (left < -1 || right > innerWidth + 1) && !scrolls(element, 'overflowX')
      return aside || ((top < -1 || bottom > innerHeight + 1) && !scrolls(element, 'overflowY'))
    })
    .map((element) => element.outerHTML.slice(0, 120))
}

declare global {
  interface Window {
    axe: typeof import('axe-core')
    showScene(name: string, language: 'en' | 'de' | 'auto'): Promise<void>
  }
}
