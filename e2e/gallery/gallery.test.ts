import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scenes } from '../../src-renderer/gallery/scenes.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, type Look, openGallery, SMALL, ZOOMED } from './open-gallery.ts'

/*
 * Every state of the app, to whoever listens, reads in the dark, has a small window or doubles the size. What a screen
 * reader is given is kept in trees/; after a change that is meant: npx vitest run --config vitest.e2e.config.ts e2e/gallery -u
 */

const TREES = fileURLToPath(new URL('trees', import.meta.url))
const NAMES = Object.keys(scenes(0))
const DAY: Look = { viewport: LARGE, colorScheme: 'light' }
const NIGHT: Look = { viewport: LARGE, colorScheme: 'dark' }
const SMALL_NIGHT: Look = { viewport: SMALL, colorScheme: 'dark' }
const ZOOMED_NIGHT: Look = { viewport: ZOOMED, colorScheme: 'dark' }
/** One of each screen. */
const IN_GERMAN = [
  'first-identity',
  'first-fund-real',
  'unlock',
  'connect',
  'connected-leftover-low',
  'share',
  'share-on',
  'share-change',
  'signed-out',
  'wallet',
  'settings',
  'settings-diagnostics',
  'programs',
  'programs-add-errors',
  'programs-key-again',
]

describe.skipIf(findChromium() === undefined)('every state of the app [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
  })
  afterAll(() => gallery?.close())

  it.each(NAMES)('%s', async (name) => {
    await gallery.wear(DAY)
    await gallery.show(name)
    const tree = await gallery.page.locator('body').ariaSnapshot()
    await expect(comparable(tree)).toMatchFileSnapshot(`trees/${name}.yaml`)
    expect(await accused()).toEqual([])
    expect(await gallery.loneDots()).toBe(0)
    await gallery.wear(NIGHT)
    expect(await accused(['color-contrast'])).toEqual([])
    await gallery.wear(SMALL_NIGHT)
    expect(await accused()).toEqual([])
    expect(await gallery.cutOff()).toEqual([])
    await gallery.wear(ZOOMED_NIGHT)
    expect(await gallery.cutOff()).toEqual([])
    expect(gallery.problems()).toEqual([])
  })

  it.each(IN_GERMAN)('%s in German', async (name) => {
    await gallery.wear(SMALL_NIGHT)
    await gallery.show(name, 'de')
    expect(await accused()).toEqual([])
    expect(await gallery.cutOff()).toEqual([])
  })

  it.each(['en', 'de'] as const)('activity with the records opened (%s)', async (language) => {
    await gallery.wear(SMALL_NIGHT)
    await gallery.show('activity', language)
    const records = gallery.page.locator('details')
    await records.evaluateAll((all) => {
      for (const one of all) (one as HTMLDetailsElement).open = true
    })
    expect(await records.locator('dl').count()).toBeGreaterThan(5)
    expect(await accused()).toEqual([])
    expect(await gallery.cutOff()).toEqual([])
  })

  it('leads back to what is left to set up from a window of any size', async () => {
    for (const viewport of [LARGE, SMALL, ZOOMED]) {
      await gallery.wear({ viewport, colorScheme: 'light' })
      for (const [scene, name] of [
        ['connect-no-identity', /Finish setting up.*Step 1 of 3: Identity/],
        ['connect-not-registered', /Finish setting up.*Step 3 of 3: Registration/],
        ['connect-locked', /Identity locked/],
      ] as const) {
        await gallery.show(scene)
        expect(await gallery.page.getByRole('link', { name }).isVisible(), `${scene} ${viewport.width}`).toBe(true)
        expect(await gallery.cutOff()).toEqual([])
      }
      await gallery.show('connect')
      expect(await gallery.page.getByRole('link', { name: /Finish setting up|locked/ }).count()).toBe(0)
    }
  })

  it('keeps the tree of every scene, and of no other', () => {
    expect(readdirSync(TREES).sort()).toEqual(NAMES.map((name) => `${name}.yaml`).sort())
  })

  it('would notice', async () => {
    await gallery.wear(SMALL_NIGHT)
    await gallery.show('wallet')
    await gallery.page.evaluate(() => {
      const bad = '<img src="data:,"><p style="color:#333;background:#222">faint</p><p style="width:900px">wide</p>'
      document.querySelector('.shell-main')?.insertAdjacentHTML('afterbegin', bad)
      document.querySelector('.network-text')?.remove()
    })
    expect((await accused()).map((line) => line.split(':')[0])).toEqual(['color-contrast', 'image-alt'])
    expect(await gallery.cutOff()).toHaveLength(1)
    expect(await gallery.loneDots()).toBe(1)
  })

  async function accused(rules?: readonly string[]): Promise<string[]> {
    const found = await gallery.audit(rules)
    return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`))
  }
})

/** Of a long list the first six and what is chosen; and no version, which changes with every release. */
function comparable(tree: string): string {
  let depth = 0
  let count = 0
  const lines = tree.split('\n').filter((line) => {
    const indent = line.search(/\S/)
    if (indent < depth) count = 0
    if (/^- (listitem|option)/.test(line.slice(indent)) && (count === 0 || indent === depth)) {
      depth = indent
      count += 1
    }
    return count <= 6 || line.endsWith('[selected]')
  })
  return `${lines.join('\n').replace(/Mysterium \d+\.\d+\.\d+/, 'Mysterium VERSION')}\n`
}
