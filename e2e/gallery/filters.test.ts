import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, openGallery } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('a figure in the filters [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
    await gallery.wear({ viewport: LARGE, colorScheme: 'light' })
  })
  afterAll(() => gallery?.close())

  it.each(['-5', '1e3', 'abc', '5 MYST'])('stays as it was typed when it is none: %s', async (typed) => {
    await gallery.show('connect')
    const price = gallery.page.getByLabel(m.connect.filterMaxPrice)
    await price.pressSequentially(typed)
    expect(await price.inputValue()).toBe(typed.replace(' ', ''))
    await gallery.page.getByText(m.connect.figureBad).waitFor()
    expect(await price.getAttribute('aria-invalid')).toBe('true')
  })

  it('is no problem while it is half written', async () => {
    await gallery.show('connect')
    const price = gallery.page.getByLabel(m.connect.filterMaxPrice)
    for (const key of '0.05') {
      await price.press(key)
      expect(await price.getAttribute('aria-invalid')).toBe(null)
    }
  })
})
