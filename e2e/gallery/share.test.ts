import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { SharePage } from '../pages/share-page.ts'
import { type Gallery, LARGE, openGallery, SMALL } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('starting to share [needs chromium]', () => {
  let gallery: Gallery
  let share: SharePage
  beforeAll(async () => {
    gallery = await openGallery()
    share = new SharePage(gallery.page)
  })
  afterAll(() => gallery?.close())
  beforeEach(() => gallery.wear({ viewport: LARGE, colorScheme: 'light' }))

  const isInSight = (place: Locator) =>
    place.evaluate((one) => {
      const { top, bottom } = one.getBoundingClientRect()
      return top >= 0 && bottom <= innerHeight
    })
  const problem = () => gallery.page.getByRole('alert')

  it('is not to be had in lockdown, which is said from the start with the way to the setting', async () => {
    await gallery.show('share-lockdown')
    const notice = gallery.page.locator('.notice').filter({ hasText: m.share.needNoLockdown })
    expect(await isInSight(notice)).toBe(true)
    for (const control of [share.toggle, share.start]) {
      expect(await control.isDisabled()).toBe(true)
      const described = await control.getAttribute('aria-describedby')
      expect(await gallery.page.locator(`[id="${described}"]`).textContent()).toContain(m.share.needNoLockdown)
    }
    await notice.getByRole('button', { name: m.share.toSettings }).click()
    await gallery.page.getByRole('switch', { name: m.settings.lockdown }).waitFor()
    await gallery.show('share')
    expect(await share.toggle.isDisabled()).toBe(false)
    expect(await share.start.isDisabled()).toBe(false)
  })

  it.each([
    ['large', LARGE],
    ['small', SMALL],
  ])('tells what went wrong beside what was clicked, in a %s window', async (_, viewport) => {
    await gallery.wear({ viewport, colorScheme: 'light' })
    await gallery.show('share')
    await share.startWith({ price: '0.05', unit: 'GiB', country: 'DE' })
    await problem().waitFor()
    expect(await isInSight(problem())).toBe(true)
    expect(await isInSight(share.start)).toBe(true)
    await share.toggle.click()
    await expect.poll(() => problem().evaluate((one) => one.closest('form') === null)).toBe(true)
    expect(await isInSight(problem())).toBe(true)
    expect(await problem().count()).toBe(1)
  })

  it('marks a wrong value when its field is left, whole as it was typed, and holds nobody back', async () => {
    await gallery.show('share')
    const people = gallery.page.getByLabel(m.share.maxSessions)
    await people.fill('')
    await people.pressSequentially('1000000')
    expect(await people.inputValue()).toBe('1000000')
    expect(await people.getAttribute('aria-invalid')).toBe(null)
    await people.press('Tab')
    await gallery.page.getByText(m.share.maxSessionsBad).waitFor()
    expect(await people.getAttribute('aria-invalid')).toBe('true')
    expect(await people.evaluate((one) => one === document.activeElement)).toBe(false)
    await share.price.fill('9'.repeat(25))
    await share.price.press('Tab')
    await gallery.page.getByText(m.share.priceMost('1,000,000')).waitFor()
    expect(await gallery.page.getByText(/pays you/).count()).toBe(0)
    await people.fill('5')
    expect(await people.getAttribute('aria-invalid')).toBe(null)
  })
})
