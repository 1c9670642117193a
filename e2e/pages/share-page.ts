import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'
import { matching } from './look.ts'

export class SharePage {
  readonly page: Page
  readonly heading: Locator
  readonly toggle: Locator
  readonly start: Locator
  /** What the app's end stopped. */
  readonly again: Locator
  readonly understood: Locator
  readonly price: Locator
  readonly unit: Locator
  readonly country: Locator
  readonly bandwidth: Locator
  readonly clearNow: Locator
  readonly sessions: Locator
  /** Once "As a table" is open: newest first, below a row of headings. */
  readonly byDay: Locator

  constructor(page: Page) {
    this.page = page
    this.heading = page.getByRole('heading', { name: m.share.switch, level: 1, exact: true })
    this.toggle = page.getByRole('switch', { name: m.share.switch })
    this.start = page.getByRole('button', { name: m.share.start })
    this.again = page.getByRole('button', { name: m.share.shareAgain, exact: true })
    this.understood = page.getByRole('checkbox', { name: m.share.understand })
    this.price = page.getByLabel(m.share.price, { exact: true })
    this.unit = page.getByLabel(m.share.unit)
    this.country = page.getByLabel(m.share.country)
    this.bandwidth = page.getByLabel(m.share.bandwidth)
    this.clearNow = page.getByRole('main').getByRole('button', { name: m.share.clear })
    this.sessions = page.getByRole('list', { name: m.share.sessions, exact: true }).getByRole('listitem')
    this.byDay = page.getByRole('table', { name: m.provider.byDay }).getByRole('row')
  }

  service(type: 'openvpn' | 'socks'): Locator {
    return this.page.getByRole('checkbox', { name: matching(m.service[type]) })
  }

  /** One service's line while sharing, with its state in words ("Announced"). */
  running(type: 'openvpn' | 'socks'): Locator {
    return this.page
      .getByRole('list', { name: m.share.servicesOn, exact: true })
      .getByRole('listitem')
      .filter({ hasText: m.service[type] })
  }

  async startWith(terms: {
    price: string
    unit: 'GiB' | 'hour'
    country: string
    bandwidth?: string
    socks?: boolean
    openvpn?: boolean
  }): Promise<void> {
    if (terms.openvpn !== undefined) await this.service('openvpn').setChecked(terms.openvpn)
    if (terms.socks !== undefined) await this.service('socks').setChecked(terms.socks)
    await this.price.fill(terms.price)
    await this.unit.selectOption(terms.unit)
    await this.country.selectOption(terms.country)
    if (terms.bandwidth !== undefined) await this.bandwidth.fill(terms.bandwidth)
    await this.understood.check()
    await this.start.click()
  }

  figure(label: 'earnedToday' | 'waiting'): Locator {
    return this.page
      .getByRole('main')
      .getByText(m.share[label], { exact: true })
      .locator('xpath=following-sibling::*[1]')
  }

  /** What clearing would bring, and the way back. */
  async askToClear(): Promise<{ promised: Locator; cancel: Locator }> {
    await this.clearNow.click()
    const dialog = this.page.getByRole('dialog')
    const promised = dialog.getByText(m.share.clearAmount, { exact: true }).locator('xpath=following-sibling::dd')
    return { promised, cancel: dialog.getByRole('button', { name: m.app.cancel }) }
  }

  /** Clears all promises after the fee was shown. */
  async clear(): Promise<void> {
    await this.clearNow.click()
    await this.page.getByRole('dialog').getByRole('button', { name: m.share.clear }).click()
  }
}
