import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, openGallery } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('a question, by keyboard alone [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
    await gallery.wear({ viewport: LARGE, colorScheme: 'light' })
    await gallery.show('connect')
  })
  afterAll(() => gallery?.close())

  it('takes the focus, keeps it, and gives it back, or leaves it where the screen begins', async () => {
    const { page } = gallery
    const opener = page.getByRole('button', { name: 'Quick connect', includeHidden: true })
    const dialog = page.getByRole('dialog')
    const hasFocus = (what: typeof opener) => what.evaluate((element) => element === document.activeElement)
    const outline = () => page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)
    for (let stop = 0; stop < 20 && !(await hasFocus(opener)); stop += 1) {
      await page.keyboard.press('Tab')
      expect(await outline()).not.toBe('none')
    }
    await page.keyboard.press('Enter')
    await dialog.waitFor()
    for (let stop = 0; stop < 6; stop += 1) {
      await page.keyboard.press('Tab')
      expect(await dialog.locator(':focus').count()).toBe(1)
    }
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await hasFocus(opener)).toBe(true)

    await page.keyboard.press('Space')
    await dialog.waitFor()
    await opener.evaluate((element) => element.remove())
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await hasFocus(page.getByRole('main'))).toBe(true)
  })
})
