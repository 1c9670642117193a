import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REFUSALS } from '../../src-shared/model/refusal.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, openGallery, SMALL } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('word that nothing more can be paid [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
  })
  afterAll(() => gallery?.close())

  const region = () => gallery.page.getByRole('main').getByRole('status')
  const places = () =>
    gallery.page
      .locator('.live > section, .panel, .stage')
      .evaluateAll((all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())))

  it.each([
    ['large', LARGE],
    ['small', SMALL],
  ])('is in sight at once and moves nothing in a %s window', async (_, viewport) => {
    await gallery.wear({ viewport, colorScheme: 'light' })
    await gallery.show('connected')
    expect(await region().textContent()).toBe('')
    const before = await places()
    expect(before).toHaveLength(6)
    await gallery.show('connected-leftover-low')
    expect(await places()).toEqual(before)
    const way = region().getByRole('button', { name: 'Open the wallet' })
    // Without scrolling, and on top of whatever lies there.
    const { x, y, width, height } = (await way.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    const there = await gallery.page.evaluate(([left, top]) => document.elementFromPoint(left, top)?.textContent, [
      x + width / 2,
      y + height / 2,
    ] as const)
    expect(there).toBe('Open the wallet')
    await way.press('Enter')
    await gallery.page.getByRole('heading', { name: 'Wallet', level: 1 }).waitFor()
  })

  it('is said once, whatever the figures do meanwhile', async () => {
    const { page } = gallery
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await gallery.show('connected-payment-refused')
    expect(await region().textContent()).toContain(REFUSALS['credit-exhausted'])
    const seen = await page.evaluateHandle(() => {
      const changes = { said: 0, figures: 0 }
      const count = (what: keyof typeof changes) => () => {
        changes[what] += 1
      }
      const all = { childList: true, characterData: true, subtree: true }
      const watch = (what: keyof typeof changes, selector: string) =>
        new MutationObserver(count(what)).observe(document.querySelector(selector) as Element, all)
      watch('said', 'main [role="status"]')
      watch('figures', '.live-rates')
      return changes
    })
    await expect.poll(async () => (await seen.jsonValue()).figures, { timeout: 10_000 }).toBeGreaterThan(2)
    expect((await seen.jsonValue()).said).toBe(0)
  })
})
