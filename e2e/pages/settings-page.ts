import type { Locator, Page } from 'playwright-core'

export class SettingsPage {
  readonly page: Page
  readonly localNetwork: Locator
  readonly lockdown: Locator
  readonly resolver: Locator
  readonly saveResolver: Locator
  readonly connectOnStart: Locator
  readonly error: Locator

  constructor(page: Page) {
    this.page = page
    const main = page.getByRole('main')
    this.localNetwork = main.getByRole('switch', { name: 'Local network' })
    this.lockdown = main.getByRole('switch', { name: 'Lockdown' })
    this.resolver = main.getByRole('textbox', { name: 'DNS server' })
    this.saveResolver = main.getByRole('button', { name: 'Save', exact: true })
    this.connectOnStart = main.getByRole('combobox', { name: 'Connect on start' })
    this.error = main.getByRole('alert')
  }

  /** Says yes to the question. */
  async lockDown(): Promise<void> {
    await this.lockdown.click()
    await this.page.getByRole('dialog').getByRole('button', { name: 'Turn on' }).click()
  }
}
