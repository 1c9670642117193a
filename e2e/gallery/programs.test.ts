import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KEY } from '../../src-renderer/gallery/fixtures.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, openGallery } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('programs in the settings [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
    await gallery.wear({ viewport: LARGE, colorScheme: 'light' })
    await gallery.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  })
  afterAll(() => gallery?.close())

  const isFocused = (what: Locator) => what.evaluate((element) => element === document.activeElement)
  const row = (name: string) =>
    gallery.page.getByRole('listitem').filter({ has: gallery.page.getByRole('heading', { name, exact: true }) })
  const dialog = () => gallery.page.getByRole('dialog')

  it('names each fault at its field, goes to the first, and keeps what was typed', async () => {
    const { page } = gallery
    await gallery.show('programs-add')
    const [name, budget, price] = ['Name', 'Budget in MYST', 'Highest price in MYST'].map((label) =>
      page.getByLabel(label),
    )
    if (!name || !budget || !price) throw new Error('no fields')
    expect(await isFocused(name)).toBe(true)
    await page.keyboard.type('Firefox')
    await budget.fill('1.000')
    await price.fill('free')
    await page.keyboard.press('Enter')
    await dialog().getByText('Write 1000 or 1.0000, because this could be either.').waitFor()
    await dialog().getByText('Write a number such as 0.1, or nothing.').waitFor()
    expect(await isFocused(budget)).toBe(true)
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('2')
    await price.fill('')
    expect(await dialog().locator('[aria-invalid]').count()).toBe(0)
    await page.keyboard.press('Enter')
    // The gallery's node refuses everything: it is said, and nothing typed is lost.
    await dialog().getByRole('alert').waitFor()
    expect(await Promise.all([name, budget, price].map((field) => field.inputValue()))).toEqual(['Firefox', '2', ''])
  })

  it('shows a key once, in a question that only its own button closes, and leaves nothing of it', async () => {
    const { page } = gallery
    await gallery.show('programs')
    await page.getByRole('button', { name: 'New key for Crawler' }).press('Enter')
    const shown = dialog().getByRole('textbox', { name: 'Key' })
    expect(await shown.inputValue()).toBe(KEY)
    await page.keyboard.press('Escape')
    await page.mouse.click(5, 5)
    expect(await shown.inputValue()).toBe(KEY)
    await shown.focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await dialog().getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(KEY)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    expect(await isFocused(page.getByRole('button', { name: 'New key for Crawler' }))).toBe(true)
    expect(await page.content()).not.toContain(KEY)
  })

  it('asks before a key is replaced or a program removed, and says what stops', async () => {
    const { page } = gallery
    await gallery.show('programs')
    await page.getByRole('button', { name: 'New key for Backup' }).press('Enter')
    await dialog()
      .getByText(/^The key that ends in 4f2a stops working at once/)
      .waitFor()
    await page.keyboard.press('Escape')
    expect(await isFocused(page.getByRole('button', { name: 'New key for Backup' }))).toBe(true)
    await page.getByRole('button', { name: 'Remove Backup' }).press('Enter')
    expect(await dialog().getByRole('listitem').allTextContents()).toEqual([
      'Its proxy 127.0.0.1:14102 goes away; what is set to use it gets no connection.',
      'Its connection ends, and what was used is settled.',
      'Its key stops working.',
      'Its sessions stay in Activity.',
    ])
  })

  it('offers to raise a budget that is used up', async () => {
    await gallery.show('programs')
    await row('Crawler').getByRole('button', { name: 'Raise the budget' }).press('Enter')
    expect(await gallery.page.getByLabel('Budget in MYST').inputValue()).toBe('0.5')
  })

  it('takes a name for nothing but a name', async () => {
    const hostile = '<img src=x onerror="document.title=1">'
    await gallery.show('programs')
    await row(hostile).locator('summary').press('Enter')
    expect(await row(hostile).locator('img').count()).toBe(0)
    const code = (await row(hostile).locator('code').allTextContents()).join(' ')
    expect(code).toContain('socks5h://127.0.0.1:14104')
    expect(code).not.toContain('onerror')
    expect(await gallery.page.title()).not.toBe('1')
  })

  it('moves figures once a second, and nothing else', async () => {
    const { page } = gallery
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await gallery.show('programs')
    const seen = await page.evaluateHandle(() => {
      const changed: string[] = []
      const where = (node: Node) => {
        const element = node instanceof Element ? node : node.parentElement
        return element?.closest('dl > div')?.querySelector('dt')?.textContent ?? element?.outerHTML ?? ''
      }
      const watch = (records: MutationRecord[]) => changed.push(...records.map(({ target }) => where(target)))
      const all = { childList: true, characterData: true, attributes: true, subtree: true }
      new MutationObserver(watch).observe(document.body, all)
      return changed
    })
    const places = () =>
      page
        .locator('.program, .program dl > div')
        .evaluateAll((all) => all.map((one) => JSON.stringify(one.getBoundingClientRect())))
    const before = await places()
    await expect.poll(async () => (await seen.jsonValue()).length, { timeout: 10_000 }).toBeGreaterThan(2)
    expect(new Set(await seen.jsonValue())).toEqual(new Set(['Traffic']))
    expect(await places()).toEqual(before)
  })
})
