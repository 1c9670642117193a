import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIAGNOSTICS } from '../../src-renderer/gallery/fixtures.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, openGallery } from './open-gallery.ts'

const WORDS = {
  en: { title: 'Diagnostics', copy: 'Copy', copied: 'Copied', save: 'Save to a file' },
  de: { title: 'Diagnose', copy: 'Kopieren', copied: 'Kopiert', save: 'In eine Datei speichern' },
}

describe.skipIf(findChromium() === undefined)('diagnostics in the settings [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
    await gallery.wear({ viewport: LARGE, colorScheme: 'light' })
    await gallery.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  })
  afterAll(() => gallery?.close())

  it.each(['en', 'de'] as const)('leave only as they are shown, by the person’s own hand (%s)', async (language) => {
    const { page } = gallery
    const words = WORDS[language]
    await gallery.show('settings', language)
    expect(await page.getByRole('textbox', { name: words.title }).count()).toBe(0)
    await gallery.show('settings-diagnostics', language)
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.url()))

    const box = page.getByRole('textbox', { name: words.title })
    expect(await box.inputValue()).toBe(DIAGNOSTICS)
    await box.focus()
    await page.keyboard.type('x')
    expect(await box.inputValue()).toBe(DIAGNOSTICS)

    await page.keyboard.press('Tab')
    expect(await page.getByRole('button', { name: words.copy, exact: true }).evaluate(isFocused)).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: words.copied }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(DIAGNOSTICS)

    await page.keyboard.press('Tab')
    expect(await page.getByRole('button', { name: words.save }).evaluate(isFocused)).toBe(true)
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    expect(download.suggestedFilename()).toBe('mysterium-diagnostics.txt')
    expect(readFileSync(await download.path(), 'utf8')).toBe(DIAGNOSTICS)
    // The file is handed over within the page; nothing goes anywhere.
    expect(sent.filter((url) => !url.startsWith('blob:'))).toEqual([])
    await page.evaluate(() => fetch(location.href))
    expect(sent).toContain(page.url().replace(/#.*/, ''))
  })
})

const isFocused = (element: Element) => element === document.activeElement
