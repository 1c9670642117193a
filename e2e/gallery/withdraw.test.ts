import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ME } from '../../src-renderer/gallery/fixtures.ts'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import { type Gallery, openGallery } from './open-gallery.ts'

describe.skipIf(findChromium() === undefined)('the form for a withdrawal [needs chromium]', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery()
    await gallery.wear({ viewport: { width: 1000, height: 600 }, colorScheme: 'light' })
  })
  afterAll(() => gallery?.close())

  it('says at the field what is wrong with an address, and in sight what the node says, until it is changed', async () => {
    await gallery.show('wallet-withdraw')
    const dialog = gallery.page.getByRole('dialog')
    const to = dialog.getByLabel(m.wallet.to)
    await to.fill(ME)
    await dialog.getByText(m.wallet.toBad['own-identity']).waitFor()
    const withdraw = dialog.getByRole('button', { name: m.wallet.withdraw })
    expect(await withdraw.isDisabled()).toBe(true)
    await to.fill('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')
    await withdraw.click()
    const said = dialog.getByRole('alert')
    await said.waitFor()
    const isInSight = await said.evaluate((notice) => {
      const { left, top, bottom } = notice.getBoundingClientRect()
      return [top + 2, bottom - 2].every((y) => notice.contains(document.elementFromPoint(left + 20, y)))
    })
    expect(isInSight).toBe(true)
    await dialog.getByLabel(m.wallet.amount).fill('1')
    expect(await said.count()).toBe(0)
  })
})
