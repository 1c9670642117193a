import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, LARGE, openGallery, SMALL } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('changing the passphrase [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
  })
  afterAll(() => gallery?.close())

  it.each([
    ['large', LARGE],
    ['small', SMALL],
  ])('says at its field that the present one is wrong, and moves nothing, in a %s window', async (_, viewport) => {
    const { page } = gallery
    await gallery.wear({ viewport, colorScheme: 'light' })
    await gallery.show('settings-passphrase')
    const dialog = page.getByRole('dialog')
    const old = dialog.getByLabel(m.settings.passphraseOld, { exact: true })
    await old.fill('not this one')
    await dialog.getByLabel(m.settings.passphraseNew, { exact: true }).fill('ember lantern orbit fig')
    await dialog.getByLabel(m.setup.repeat, { exact: true }).fill('ember lantern orbit fig')
    const before = await dialog.boundingBox()
    await dialog.getByRole('button', { name: m.settings.passphraseChange }).click()
    await dialog.getByText('This passphrase does not fit').waitFor()
    expect(await old.getAttribute('aria-invalid')).toBe('true')
    expect(await dialog.getByRole('alert').count()).toBe(0)
    expect(await dialog.boundingBox()).toEqual(before)
    await old.fill('ember lantern orbit fig')
    await dialog.getByText(m.settings.passphraseSame).waitFor()
    expect(await dialog.getByRole('button', { name: m.settings.passphraseChange }).isDisabled()).toBe(true)
    await old.fill('another')
    expect(await old.getAttribute('aria-invalid')).toBe(null)
    await dialog.getByRole('button', { name: m.app.cancel }).click()
    await dialog.waitFor({ state: 'hidden' })
  })
})
