import type { Locator, Page } from 'playwright-core'

export class SharePage {
  readonly page: Page
  readonly toggle: Locator
  readonly start: Locator
  readonly understood: Locator
  readonly price: Locator
  readonly unit: Locator
  readonly country: Locator
  readonly bandwidth: Locator
  readonly maxSessions: Locator
  readonly clearNow: Locator
  readonly sessions: Locator
  /** Once "As a table" is open: newest first, below a row of headings. */
  readonly byDay: Locator

  constructor(page: Page) {
    this.page = page
    this.toggle = page.getByRole('switch', { name: 'Share my connection' })
    this.start = page.getByRole('button', { name: 'Start sharing' })
    this.understood = page.getByRole('checkbox', { name: /^I understand/ })
    this.price = page.getByLabel('Price', { exact: true })
    this.unit = page.getByLabel('Metering unit')
    this.country = page.getByLabel('Country of your connection')
    this.bandwidth = page.getByLabel('Bandwidth per person')
    this.maxSessions = page.getByLabel('People at once')
    this.clearNow = page.getByRole('main').getByRole('button', { name: 'Clear now' })
    this.sessions = page.getByRole('list', { name: 'Connected now', exact: true }).getByRole('listitem')
    this.byDay = page.getByRole('table', { name: 'Earnings by day' }).getByRole('row')
  }

  service(name: 'VPN' | 'SOCKS proxy'): Locator {
    return this.page.getByRole('checkbox', { name: new RegExp(`^${name}`) })
  }

  /** One service's line while sharing, with its state in words ("Announced"). */
  running(name: 'VPN' | 'SOCKS proxy'): Locator {
    return this.page
      .getByRole('list', { name: 'Services', exact: true })
      .getByRole('listitem')
      .filter({ hasText: name })
  }

  async startWith(terms: {
    price: string
    unit: 'GiB' | 'hour'
    country: string
    bandwidth?: string
    socks?: boolean
    openvpn?: boolean
  }): Promise<void> {
    if (terms.openvpn !== undefined) await this.service('VPN').setChecked(terms.openvpn)
    if (terms.socks !== undefined) await this.service('SOCKS proxy').setChecked(terms.socks)
    await this.price.fill(terms.price)
    await this.unit.selectOption(terms.unit)
    await this.country.selectOption(terms.country)
    if (terms.bandwidth !== undefined) await this.bandwidth.fill(terms.bandwidth)
    await this.understood.check()
    await this.start.click()
  }

  /** "Earned today", "Promises waiting". */
  figure(label: string): Locator {
    return this.page.getByRole('main').getByText(label, { exact: true }).locator('xpath=following-sibling::*[1]')
  }

  /** Clears all promises after the fee was shown. */
  async clear(): Promise<void> {
    await this.clearNow.click()
    await this.page.getByRole('dialog').getByRole('button', { name: 'Clear now' }).click()
  }
}
